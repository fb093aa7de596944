package work_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/intake"
	"clientele/internal/sqlite"
	"clientele/internal/work"
)

func TestSubmissions_AreCarriedOutInOrder(t *testing.T) {
	for _, batch := range []int{1, 3, 256} {
		t.Run(fmt.Sprint("batches of ", batch), func(t *testing.T) {
			o := newOffice(t, intake.Options{MaxBatch: 2})
			customer := o.customer(t)
			var ids []string
			for _, company := range numbered(10) {
				ids = append(ids, o.update(t, customer, company))
			}
			w := o.worker()
			w.Batch = batch
			carryOut(t, w)
			o.wantStatus(t, "in the end", clientele.Succeeded, ids...)
			if got, want := o.history(t, customer), append([]string{"before"}, numbered(10)...); !slices.Equal(got, want) {
				t.Errorf("history %v, want %v", got, want)
			}
		})
	}
}

func TestSubmissions_WhatTheyBecome(t *testing.T) {
	o := newOffice(t, intake.Options{})
	accepted := o.clock.Now()
	created, missing := o.create(t, "one"), o.update(t, 999, "x")
	if s := o.submission(t, created); s.Status != clientele.Accepted || s.CustomerID != 0 || !s.AcceptedAt.Equal(accepted) || !s.StartedAt.IsZero() {
		t.Errorf("accepted: %+v", s)
	}
	o.clock.Move(time.Second)
	carryOut(t, o.worker())
	s := o.submission(t, created)
	if s.Status != clientele.Succeeded || s.CustomerID == 0 || s.Failure != "" || s.Lease != "" || !s.StartedAt.Equal(o.clock.Now()) ||
		!s.FinishedAt.Equal(o.clock.Now()) {
		t.Errorf("created: %+v", s)
	}
	c, err := o.FindCustomer(t.Context(), o.project, s.CustomerID)
	if err != nil || c.Company.V != "one" || len(c.Addresses) != 2 || c.Source != clientele.DKHardware || c.CredentialID != 7 {
		t.Errorf("customer: %+v, %v", c, err)
	}
	if s := o.submission(t, missing); s.Status != clientele.Failed || s.Failure != clientele.CustomerMissing || s.CustomerID != 0 || s.Target != "999" {
		t.Errorf("update of nobody: %+v", s)
	}
	before := o.submission(t, created)
	o.clock.Move(time.Hour)
	carryOut(t, o.worker())
	if after := o.submission(t, created); !after.FinishedAt.Equal(before.FinishedAt) || o.customers(t) != 1 {
		t.Errorf("carried out again: %+v, %d customers", after, o.customers(t))
	}
}

// TestSubmissions_ManyWorkers has many workers at once work off many projects: each submission has its effect exactly once,
// those of one project in order.
func TestSubmissions_ManyWorkers(t *testing.T) {
	const projects, updates, workers = 3, 20, 6
	o := newOffice(t, intake.Options{MaxBatch: 5})
	var customers []int64
	var ids []string
	for i := range projects {
		if i > 0 {
			o.project = o.newProject(t, fmt.Sprint("shop ", i))
		}
		customer := o.customer(t)
		customers = append(customers, o.project, customer)
		for _, company := range numbered(updates) {
			ids = append(ids, o.update(t, customer, company))
		}
	}
	start := make(chan struct{})
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			w := o.worker()
			w.Batch = 7
			<-start
			for again := work.AtOnce; again > 0; {
				var err error
				if again, err = w.CarryOut(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	close(start)
	all.Wait()
	for i := 0; i < len(customers); i += 2 {
		o.project = customers[i]
		if got, want := o.history(t, customers[i+1]), append([]string{"before"}, numbered(updates)...); !slices.Equal(got, want) {
			t.Errorf("history of project %d: %v, want %v", o.project, got, want)
		}
		o.wantStatus(t, "in the end", clientele.Succeeded, ids[i/2*updates:(i/2+1)*updates]...)
	}
}

// claimed takes what waits under a lease, as a worker does that then dies.
func (o *office) claimed(t testing.TB, lease string) []clientele.Submission {
	t.Helper()
	now := o.clock.Now()
	list, err := o.Store.ClaimSubmissions(t.Context(), o.project, clientele.Claim{Lease: lease, At: now, Until: now.Add(30 * time.Second)}, 256)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestSubmissions_OfADeadWorkerAreTakenOver holds that what a dead worker left is left alone until its lease ends, that whoever
// finds it held looks again soon, and that then somebody goes on.
func TestSubmissions_OfADeadWorkerAreTakenOver(t *testing.T) {
	o := newOffice(t, intake.Options{})
	id := o.create(t, "one")
	if got := o.claimed(t, "dead"); len(got) != 1 {
		t.Fatalf("claimed %d", len(got))
	}
	o.clock.Move(30*time.Second - 1)
	again, err := o.worker().CarryOut(t.Context())
	if err != nil || again <= 0 || again > 250*time.Millisecond {
		t.Errorf("found held: again in %v, %v", again, err)
	}
	o.wantStatus(t, "while the lease holds", clientele.Processing, id)
	o.clock.Move(1)
	carryOut(t, o.worker())
	o.wantStatus(t, "when it has ended", clientele.Succeeded, id)
	if got := o.customers(t); got != 1 {
		t.Errorf("%d customers, want one", got)
	}
}

// TestSubmissions_OfALateWorkerHaveNoEffect has a worker lose its lease between claim and commit: another one carries out the
// submissions, and what the late one commits has no effect, before or after.
func TestSubmissions_OfALateWorkerHaveNoEffect(t *testing.T) {
	for _, when := range []string{"before the other", "after the other"} {
		t.Run(when, func(t *testing.T) {
			o := newOffice(t, intake.Options{})
			ids := []string{o.create(t, "one"), o.create(t, "two"), o.update(t, 999, "x")}
			claims := o.claimed(t, "late")
			late := func() {
				for i := range claims {
					for _, w := range []clientele.Write{o.book.CarryOut(&claims[i], "late"), o.book.GiveUp(&claims[i], "late")} {
						outcome, err := o.line.Commit(t.Context(), w)
						if err != nil || outcome.Result != clientele.Missing {
							t.Errorf("late: %s, %v; want no effect", outcome.Result, err)
						}
					}
				}
			}
			o.clock.Move(30 * time.Second)
			if when == "before the other" {
				o.claimed(t, "other")
				late()
				o.wantStatus(t, "after the late one", clientele.Processing, ids...)
				o.clock.Move(30 * time.Second)
			}
			carryOut(t, o.worker())
			if when == "after the other" {
				late()
			}
			o.wantStatus(t, "in the end", clientele.Succeeded, ids[:2]...)
			o.wantStatus(t, "in the end", clientele.Failed, ids[2])
			if got := o.customers(t); got != 2 {
				t.Errorf("%d customers, want 2", got)
			}
		})
	}
}

// TestSubmissions_LosingTheLeaseInTheMiddle has a worker lose its lease after it has committed half of its batch.
func TestSubmissions_LosingTheLeaseInTheMiddle(t *testing.T) {
	o := newOffice(t, intake.Options{MaxBatch: 1})
	customer := o.customer(t)
	var ids []string
	for _, company := range numbered(6) {
		ids = append(ids, o.update(t, customer, company))
	}
	var once sync.Once
	o.whenCommitting(func(writes []clientele.Write) error {
		if hasCompany(&writes[0], "4") && writes[0].Completes != nil {
			once.Do(func() {
				o.clock.Move(30 * time.Second)
				o.claimed(t, "other")
			})
		}
		return nil
	})
	carryOut(t, o.worker())
	o.wantStatus(t, "of the first", clientele.Succeeded, ids[:3]...)
	o.wantStatus(t, "of the other", clientele.Processing, ids[3:]...)
	o.clock.Move(30 * time.Second)
	carryOut(t, o.worker())
	if got, want := o.history(t, customer), append([]string{"before"}, numbered(6)...); !slices.Equal(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}
}

// TestSubmissions_APoisonousOneIsGivenUp holds that one which the store refuses for good fails alone: what stands before and
// behind it is carried out.
func TestSubmissions_APoisonousOneIsGivenUp(t *testing.T) {
	for name, poison := range map[string]func() error{
		"an error": func() error { return errBroken }, "a panic": func() error { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, intake.Options{})
			customer := o.customer(t)
			var ids []string
			for _, company := range []string{"1", "2", "poison", "3", "poison", "4"} {
				ids = append(ids, o.update(t, customer, company))
			}
			o.whenCommitting(func(writes []clientele.Write) error {
				for i := range writes {
					if hasCompany(&writes[i], "poison") && writes[i].Completes != nil {
						return poison()
					}
				}
				return nil
			})
			carryOut(t, o.worker())
			o.wantStatus(t, "the good ones", clientele.Succeeded, ids[0], ids[1], ids[3], ids[5])
			o.wantStatus(t, "the poison", clientele.Failed, ids[2], ids[4])
			if s := o.submission(t, ids[2]); s.Failure != clientele.Unforeseen || s.CustomerID != 0 {
				t.Errorf("the poison: %+v", s)
			}
			if got, want := o.history(t, customer), []string{"before", "1", "2", "3", "4"}; !slices.Equal(got, want) {
				t.Errorf("history %v, want %v", got, want)
			}
		})
	}
}

// TestSubmissions_ADamagedOneIsGivenUp holds that one whose row cannot be read fails alone.
func TestSubmissions_ADamagedOneIsGivenUp(t *testing.T) {
	o := newOffice(t, intake.Options{})
	customer := o.customer(t)
	before, damaged, behind := o.update(t, customer, "1"), o.update(t, customer, "2"), o.update(t, customer, "3")
	db, err := sql.Open("sqlite", filepath.Join(o.dir, sqlite.FileName)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE submission SET payload = '{' WHERE id = ?", damaged); err != nil {
		t.Fatal(err)
	}
	carryOut(t, o.worker())
	o.wantStatus(t, "the good ones", clientele.Succeeded, before, behind)
	o.wantStatus(t, "the damaged one", clientele.Failed, damaged)
}

// TestSubmissions_StoreAwayAndBack has the store go away at any of a batch's transactions, and come back: nothing fails, and
// the order holds, also when later transactions would have succeeded.
func TestSubmissions_StoreAwayAndBack(t *testing.T) {
	for at := range 6 {
		t.Run(fmt.Sprint("transaction ", at), func(t *testing.T) {
			o := newOffice(t, intake.Options{MaxBatch: 2})
			customer := o.customer(t)
			var ids []string
			for _, company := range numbered(9) {
				ids = append(ids, o.update(t, customer, company))
			}
			n := 0
			o.whenCommitting(func([]clientele.Write) error {
				if n++; n == at+1 { // this one alone
					return clientele.Unavailable("The disk is full", nil)
				}
				return nil
			})
			_, err := o.worker().CarryOut(t.Context())
			if wantErr := at < 5; wantErr != (clientele.KindOf(err) == clientele.KindUnavailable && err != nil) {
				t.Errorf("first try: %v", err)
			}
			for _, id := range ids {
				if s := o.submission(t, id); s.Status == clientele.Failed {
					t.Errorf("failed: %+v", s)
				}
			}
			o.whenCommitting(nil)
			carryOut(t, o.worker()) // no lease to wait for: it was given back
			o.wantStatus(t, "in the end", clientele.Succeeded, ids...)
			if got, want := o.history(t, customer), append([]string{"before"}, numbered(9)...); !slices.Equal(got, want) {
				t.Errorf("history %v, want %v", got, want)
			}
		})
	}
}

// TestSubmissions_ClaimFails holds that a store which cannot be asked is an error of the task, for the runner to try again.
func TestSubmissions_ClaimFails(t *testing.T) {
	o := newOffice(t, intake.Options{})
	id := o.create(t, "one")
	o.whenClaiming(func() error { return clientele.Unavailable("The disk is gone", nil) })
	if _, err := o.worker().CarryOut(t.Context()); clientele.KindOf(err) != clientele.KindUnavailable {
		t.Errorf("error %v, want unavailable", err)
	}
	o.whenClaiming(nil)
	carryOut(t, o.worker())
	o.wantStatus(t, "in the end", clientele.Succeeded, id)
}

// TestSubmissions_ABusyProjectDoesNotStarveAnother holds that a project which always has something to do leaves the others
// their turn.
func TestSubmissions_ABusyProjectDoesNotStarveAnother(t *testing.T) {
	o := newOffice(t, intake.Options{})
	busy := o.project
	for _, company := range numbered(12) {
		o.create(t, company)
	}
	o.project = o.newProject(t, "quiet")
	quiet := o.create(t, "one")
	w := o.worker()
	w.Batch = 2
	again, err := w.CarryOut(t.Context())
	if err != nil || again != work.AtOnce {
		t.Errorf("again in %v, %v; want at once", again, err)
	}
	o.wantStatus(t, "after one turn of each", clientele.Succeeded, quiet)
	o.project = busy
	if got := o.customers(t); got == 0 || got == 12 {
		t.Errorf("the busy project had %d of 12 carried out in one turn", got)
	}
	carryOut(t, w)
	if got := o.customers(t); got != 12 {
		t.Errorf("in the end %d of 12", got)
	}
}

// TestSubmissions_Drain cancels a worker in the middle of a batch: it finishes the batch and gives the rest back, so that
// another one goes on at once.
func TestSubmissions_Drain(t *testing.T) {
	o := newOffice(t, intake.Options{MaxBatch: 1})
	customer := o.customer(t)
	var ids []string
	for _, company := range numbered(6) {
		ids = append(ids, o.update(t, customer, company))
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.whenCommitting(func([]clientele.Write) error {
		cancel()
		return nil
	})
	w := o.worker()
	w.Batch = 3
	if _, err := w.CarryOut(ctx); err != nil {
		t.Error(err)
	}
	o.wantStatus(t, "of the batch", clientele.Succeeded, ids[:3]...)
	o.wantStatus(t, "of the rest", clientele.Accepted, ids[3:]...)
	carryOut(t, o.worker())
	o.wantStatus(t, "in the end", clientele.Succeeded, ids...)
}
