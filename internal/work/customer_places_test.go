package work_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/intake"
	"clientele/internal/work"
)

// sweptStore counts what is looked at.
type sweptStore struct {
	*office
	calls, seen int
}

func (s *sweptStore) SweepPlaces(ctx context.Context, project int64, after clientele.Position, limit int) (clientele.Position, int, error) {
	last, seen, err := s.office.SweepPlaces(ctx, project, after, limit)
	s.calls, s.seen = s.calls+1, s.seen+seen
	return last, seen, err
}

// places counts the places of a project in the list by last update, and sweeps up those that were left behind.
func (o *office) places(t *testing.T, project int64) int {
	t.Helper()
	_, seen, err := o.SweepPlaces(t.Context(), project, clientele.Position{}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// touch creates or updates a customer.
func (o *office) touch(t *testing.T, project int64, key, round int) {
	t.Helper()
	o.clock.Move(time.Millisecond)
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(fmt.Sprint(key)))
	p.Put(clientele.FieldFirstName, clientele.Some(fmt.Sprint("Anna", round)))
	_, err := o.line.Commit(t.Context(), clientele.Write{
		ProjectID: project, At: o.clock.Now(), Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: p},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCustomerPlaces_KeepsUpWithUpdates: however often customers are updated, there are about twice as many places as customers
// at most, in each project, and a book that rests is left alone.
func TestCustomerPlaces_KeepsUpWithUpdates(t *testing.T) {
	o := newOffice(t, intake.Options{})
	other := o.newProject(t, "other")
	const customers, few, rounds, batch = 30, 5, 12, 8
	s := &sweptStore{office: o}
	c := work.CustomerPlaces{Store: s, Batch: batch}
	for round := range rounds {
		for key := range customers {
			o.touch(t, o.project, key, round)
			if key < few {
				o.touch(t, other, key, round)
			}
			if _, err := c.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if updates := (customers + few) * (rounds - 1); s.seen > 2*updates+batch || s.seen < updates {
		t.Errorf("%d places were looked at for %d updates, want about twice as many", s.seen, updates)
	}
	calls := s.calls
	if _, err := c.Sweep(t.Context()); err != nil || s.calls != calls {
		t.Errorf("a book that rests is swept, or %v", err)
	}
	for project, customers := range map[int64]int{o.project: customers, other: few} {
		if n := o.places(t, project); n > 2*customers+2*batch || n < customers {
			t.Errorf("%d places of %d customers", n, customers)
		}
		if n := o.places(t, project); n != customers {
			t.Errorf("%d places of %d customers are left after all are swept", n, customers)
		}
	}
}

// TestCustomerPlaces_OneRoundIsEnough: more updates than there are places are swept up in one round.
func TestCustomerPlaces_OneRoundIsEnough(t *testing.T) {
	o := newOffice(t, intake.Options{})
	s := &sweptStore{office: o}
	c := work.CustomerPlaces{Store: s, Batch: 4}
	const updates = 50
	for round := range updates + 1 {
		o.touch(t, o.project, 1, round)
	}
	if _, err := c.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.seen > updates+2 || o.places(t, o.project) != 1 {
		t.Errorf("%d places were looked at and some are left", s.seen)
	}
}
