package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/google/go-cmp/cmp"
)

// TestCommit_EveryWayToWriteTellsTheSame writes the same mixture of customers in batches of many sizes, small ones by
// statements whose columns follow from who is in them, large ones by COPY: each customer and each change is as the batch
// decided, whatever else was in it.
func TestCommit_EveryWayToWriteTellsTheSame(t *testing.T) {
	url := pgtest.New(t)
	s := open(t, postgres.Options{URL: url})
	w := &mixture{random: rand.New(rand.NewPCG(1, 2)), projects: []int64{newProject(t, s, "one"), newProject(t, s, "two")}}
	for _, behindPgBouncer := range []bool{false, true} {
		store := s
		if behindPgBouncer { // nothing is prepared there
			store = open(t, postgres.Options{URL: pgtest.NewBouncer(t).Before(url), PgBouncer: true})
		}
		for _, size := range []int{1, 2, 3, 7, 40, 700} {
			for _, severalProjects := range []int{1, 2} {
				w.commit(t, store, size, severalProjects)
				w.commit(t, store, size, severalProjects)
			}
		}
	}
	for key, want := range w.customers {
		got, err := s.FindCustomerByExternalID(t.Context(), key.ProjectID, key.Key)
		if err != nil {
			t.Fatalf("customer %s: %v", key.Key, err)
		}
		want.ID = got.ID
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Fatalf("customer %s (-want +got):\n%s", key.Key, diff)
		}
		changes, err := s.ListChanges(t.Context(), key.ProjectID, clientele.SubjectCustomer, got.ID)
		if err != nil || len(changes) != int(got.Version) {
			t.Fatalf("customer %s of version %d has %d changes, %v", key.Key, got.Version, len(changes), err)
		}
		last := changes[len(changes)-1]
		if !last.At.Equal(got.UpdatedAt) || last.Origin.RequestID != w.requests[key] || changes[0].Action != clientele.ActionCreated {
			t.Fatalf("customer %s: the last change is of %v in %s, want %v in %s", key.Key, last.At, last.Origin.RequestID, got.UpdatedAt, w.requests[key])
		}
		if !slices.IsSortedFunc(changes, func(a, b clientele.Change) int { return a.At.Compare(b.At) }) {
			t.Fatalf("customer %s: the changes are not in the order of the writes", key.Key)
		}
	}
}

// mixture makes writes of customers of every kind, and keeps what ought to become of them.
type mixture struct {
	random    *rand.Rand
	projects  []int64
	next      int
	customers map[clientele.ProjectKey]*clientele.Customer
	requests  map[clientele.ProjectKey]string
}

// commit commits a batch: half of it may be about customers that are there.
func (m *mixture) commit(t *testing.T, s *postgres.Store, size, projects int) {
	t.Helper()
	if m.customers == nil {
		m.customers, m.requests = map[clientele.ProjectKey]*clientele.Customer{}, map[clientele.ProjectKey]string{}
	}
	kinds := []clientele.Fields{ // what a batch has in it decides the columns of its statement
		0, clientele.FieldsOf(clientele.FieldCompany, clientele.FieldVATNumber), clientele.FieldsOf(clientele.FieldFax, clientele.FieldAltPhone), clientele.AllFields,
	}
	kind := kinds[m.random.IntN(len(kinds))] | clientele.FieldsOf(clientele.FieldEmail, clientele.FieldPhone, clientele.FieldFirstName)
	writes := make([]clientele.Write, size)
	for i := range writes {
		writes[i] = m.write(kind, projects)
	}
	outcomes, err := s.Commit(context.WithoutCancel(t.Context()), writes)
	if err != nil {
		t.Fatalf("%d writes: %v", size, err)
	}
	for i, o := range outcomes {
		m.keep(&writes[i], o)
	}
}

func (m *mixture) write(kind clientele.Fields, projects int) clientele.Write {
	m.next++
	key := fmt.Sprintf("k%d", m.next)
	if m.random.IntN(2) == 0 {
		key = fmt.Sprintf("k%d", 1+m.random.IntN(m.next))
	}
	var p clientele.Patch
	for f := range kind.All {
		if f != clientele.FieldExternalNumber && m.random.IntN(3) > 0 {
			p.Put(f, clientele.Some(fmt.Sprintf("%s \"ż\\%d", f, m.random.IntN(1000))))
		}
	}
	if kind.Has(clientele.FieldExternalNumber) {
		p.Put(clientele.FieldExternalNumber, clientele.Some("number of "+key))
	}
	if m.random.IntN(20) == 0 {
		p.Put(clientele.FieldEmail, clientele.Text{}) // takes it away
	}
	p.Put(clientele.FieldExternalID, clientele.Some(key))
	p.EmailNormal, p.PhoneE164, p.AltPhoneE164, p.VATNormal = p.Email, p.Phone, p.AltPhone, p.VATNumber
	p.Flags = clientele.Flags(m.random.IntN(64))
	return clientele.Write{
		ProjectID: m.projects[m.random.IntN(projects)], Customer: &clientele.CustomerWrite{Patch: p},
		At:     time.Date(2026, 3, 1, 0, 0, m.next, m.random.IntN(1e6)*1000, time.UTC),
		Origin: clientele.Origin{Dialect: clientele.OPM, CredentialID: int64(m.random.IntN(2)), RequestID: fmt.Sprintf("r%d", m.next)},
	}
}

// keep does to the model what the write did.
func (m *mixture) keep(w *clientele.Write, o clientele.Outcome) {
	key := clientele.ProjectKey{ProjectID: w.ProjectID, Key: w.Customer.Patch.ExternalID.V}
	c := m.customers[key]
	if c == nil {
		c = &clientele.Customer{
			ProjectID: w.ProjectID, Source: w.Origin.Dialect, CredentialID: w.Origin.CredentialID, CreatedAt: w.At,
		}
		m.customers[key] = c
	}
	c.Apply(&w.Customer.Patch)
	if o.Result != clientele.Unchanged {
		c.Version++
		c.UpdatedAt = w.At
		m.requests[key] = w.Origin.RequestID
	}
}

// TestCommit_LargeBatchesInEachOthersWay commits the same new customers through two stores at once, many to a batch: COPY fails
// on a key that the other was quicker to take, and the second attempt finds it.
func TestCommit_LargeBatchesInEachOthersWay(t *testing.T) {
	url := pgtest.New(t)
	stores := []*postgres.Store{open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})}
	b := &bench{store: stores[0], project: newProject(t, stores[0], "one")}
	var mu sync.Mutex
	results := map[clientele.Result]int{}
	var running sync.WaitGroup
	for round := range int64(4) {
		for i, s := range stores {
			writes := slices.Concat(b.upserts(round*1000, int64(i)), b.upserts(round*1000+batchSize, int64(i)))
			running.Go(func() {
				outcomes, err := s.Commit(context.WithoutCancel(t.Context()), writes)
				if err != nil {
					t.Errorf("store %d: %v", i, err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, o := range outcomes {
					results[o.Result]++
				}
			})
		}
		running.Wait()
	}
	if want := map[clientele.Result]int{clientele.Created: 8 * batchSize, clientele.Updated: 8 * batchSize}; !cmp.Equal(results, want) {
		t.Errorf("results %v, want %v", results, want)
	}
}

// TestCommit_ALargeBatchWithABadRowLeavesNothing: what a row of COPY is refused for is the fault of that row, as with a
// statement, and the connection goes on.
func TestCommit_ALargeBatchWithABadRowLeavesNothing(t *testing.T) {
	s := open(t, postgres.Options{URL: pgtest.New(t), Lanes: 1})
	b := &bench{store: s, project: newProject(t, s, "one")}
	writes := slices.Concat(b.upserts(0, 0), b.upserts(batchSize, 0))
	good := writes[batchSize]
	writes[batchSize] = upsert(b.project, "bad", "a\x00b@example.com")
	if _, err := s.Commit(t.Context(), writes); err == nil || clientele.KindOf(err) == clientele.KindUnavailable {
		t.Fatalf("a text that PostgreSQL cannot hold: %v; want an error that belongs to a row", err)
	}
	writes[batchSize] = good
	outcomes, err := s.Commit(t.Context(), writes)
	if err != nil || outcomes[0].Result != clientele.Created {
		t.Errorf("after that: %v, %v; want all created", outcomes[:min(1, len(outcomes))], err)
	}
}
