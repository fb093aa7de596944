package postgres_test

import (
	"context"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

// TestCommit_ConnectionLost breaks the connection at every point of the last round trip. Whatever the truth is, the caller
// hears it, and each write takes effect once.
func TestCommit_ConnectionLost(t *testing.T) {
	const atMark, atCommit = "INSERT INTO commit_mark", "COMMIT"
	yes, no := func() bool { return true }, func() bool { return false }
	for name, b := range map[string]breakage{
		"before the customers are written":             {at: "INSERT INTO customer", forward: no},
		"before the commit is sent":                    {at: atCommit, forward: no},
		"while the commit is on its way":               {at: atCommit, forward: yes},
		"after the commit, before its answer is heard": {at: atCommit, answered: true},
		"while the mark is on its way":                 {at: atMark, forward: yes},
		"after the commit, all of it in one go":        {at: atMark, answered: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newDoubt(t, 8*time.Second)
			f.proxy.arm(b)
			f.wantOnce(t)
		})
	}
}

// TestCommit_LostTransactionWakesUp leaves the lost transaction running on the server while the store finds out about it,
// and lets it go on afterwards.
func TestCommit_LostTransactionWakesUp(t *testing.T) {
	t.Run("its mark is there: the store waits for its end", func(t *testing.T) {
		f := newDoubt(t, 8*time.Second)
		f.proxy.arm(breakage{at: "COMMIT", forward: func() bool {
			// A server that is slow has not written the mark yet: then the store is sooner, and this is the case below.
			f.await(t, `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%commit_mark%')
				OR EXISTS (SELECT 1 FROM commit_mark WHERE void)`)
			return true
		}})
		f.wantOnce(t)
	})
	t.Run("its mark comes too late: it must fail", func(t *testing.T) {
		f := newDoubt(t, 8*time.Second)
		f.proxy.arm(breakage{at: "INSERT INTO commit_mark", forward: func() bool {
			f.await(t, "SELECT EXISTS (SELECT 1 FROM commit_mark WHERE void)")
			return true
		}})
		f.wantOnce(t)
	})
}

// TestCommit_NeverHears: when the book does not say in time what became of the write, the error tells so.
func TestCommit_NeverHears(t *testing.T) {
	f := newDoubt(t, time.Second)
	// Silent, so that the store hears of the break only when there is no way to the database any more.
	f.proxy.arm(breakage{at: "COMMIT", silent: true, forward: func() bool { f.proxy.close(); return false }})
	_, err := f.store.Commit(t.Context(), f.writes(1))
	if clientele.KindOf(err) != clientele.KindUnavailable {
		t.Errorf("Commit: %v; want kind unavailable", err)
	}
}

// TestTransact_ConnectionLost: what is not keyed by the caller is not repeated when nobody knows whether it took place;
// what may take place twice is.
func TestTransact_ConnectionLost(t *testing.T) {
	f := newDoubt(t, 8*time.Second)
	f.proxy.arm(breakage{at: "commit", answered: true})
	_, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "lost", TimeZone: "UTC", CreatedAt: time.Now()})
	if clientele.KindOf(err) != clientele.KindUnavailable {
		t.Errorf("CreateProject: %v; want kind unavailable", err)
	}
	if _, err := f.store.FindProject(t.Context(), "lost"); err != nil {
		t.Errorf("the project that was made: %v", err)
	}
	f.proxy.arm(breakage{at: "commit", answered: true})
	claim := clientele.Claim{Lease: "lease", At: time.Now(), Until: time.Now().Add(time.Minute)}
	if _, err := f.store.ClaimSubmissions(t.Context(), f.project, claim, 1); err != nil {
		t.Errorf("ClaimSubmissions: %v", err)
	}
	f.proxy.arm(breakage{at: "commit", forward: func() bool { return false }})
	if err := f.store.ReleaseSubmissions(t.Context(), f.project, "lease"); err != nil {
		t.Errorf("ReleaseSubmissions: %v", err)
	}
}

// TestFinishDeliveries_ConnectionLost: an attempt is recorded once, whether the transaction took place that nobody heard of or
// not.
func TestFinishDeliveries_ConnectionLost(t *testing.T) {
	for name, b := range map[string]breakage{
		"before the commit": {at: "commit", forward: func() bool { return false }},
		"after the commit":  {at: "commit", answered: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newDoubt(t, 8*time.Second)
			sub, err := f.store.CreateSubscription(t.Context(), clientele.Subscription{
				ID: "s", ProjectID: f.project, EventType: clientele.CustomerChanged, RequestTimeout: time.Second, CreatedAt: time.Now(),
			})
			if err != nil {
				t.Fatal(err)
			}
			made, err := f.store.GatherEvents(t.Context(), []clientele.Event{{
				ProjectID: f.project, EventType: sub.EventType, From: sub.Cursor, To: sub.Cursor + 1, SubjectIDs: []int64{1},
				FirstAt: time.Now(), At: time.Now(), CreatedAt: time.Now(),
			}}, func() string { return "d" })
			if err != nil || made != 1 {
				t.Fatalf("gather: %d, %v", made, err)
			}
			sent := clientele.SentDelivery{DeliveryID: "d", Status: clientele.DeliveryDue, DueAt: time.Now(), Attempt: clientele.Attempt{
				Number: 1, At: time.Now().Truncate(time.Microsecond),
			}}
			f.proxy.arm(b)
			parcel := clientele.SentParcel{ProjectID: f.project, SubscriptionID: "s", Sent: []clientele.SentDelivery{sent}, At: time.Now()}
			if err := f.store.FinishDeliveries(t.Context(), "x", []clientele.SentParcel{parcel}); err != nil {
				t.Fatal(err)
			}
			attempts, err := f.store.ListAttempts(t.Context(), f.project, "d")
			if err != nil || len(attempts) != 1 {
				t.Errorf("%d attempts, %v; want 1", len(attempts), err)
			}
			if d, err := f.store.FindDelivery(t.Context(), f.project, "d"); err != nil || d.Attempts != 1 || d.Retries != 1 {
				t.Errorf("the delivery has %d attempts and %d retries, %v; want 1 and 1", d.Attempts, d.Retries, err)
			}
		})
	}
}

// TestSweepPlaces_AfterAFailover takes an update back after it was seen, as a failover does: the place of before counts again, and is
// not swept up.
func TestSweepPlaces_AfterAFailover(t *testing.T) {
	f := newDoubt(t, 8*time.Second)
	f.proxy.arm(breakage{at: "DELETE FROM customer_update", pass: true, forward: func() bool {
		for _, sql := range []string{
			"DELETE FROM customer_update WHERE at > (SELECT min(at) FROM customer_update)",
			"UPDATE customer SET updated_at = (SELECT at FROM customer_update)",
		} {
			if _, err := f.conn.Exec(t.Context(), sql); err != nil {
				t.Error(err)
			}
		}
		return true
	}})
	if _, seen, err := f.store.SweepPlaces(t.Context(), f.project, clientele.Position{}, 100); err != nil || seen < 2 {
		t.Fatalf("%d places were looked at, %v; want 2 at least", seen, err)
	}
	if n := count(t, f.conn, "SELECT count(*) FROM customer c JOIN customer_update u ON u.customer_id = c.id AND u.at = c.updated_at"); n != 1 {
		t.Errorf("%d places count for the customer, want 1", n)
	}
}

// doubt is a store behind a proxy, warm, and a connection beside it.
type doubt struct {
	proxy   *proxy
	store   *postgres.Store
	conn    *pgx.Conn
	project int64
	known   int64 // a customer that is there
}

func newDoubt(t *testing.T, timeout time.Duration) *doubt {
	t.Helper()
	database := pgtest.New(t)
	f := &doubt{conn: dial(t, database)}
	var url string
	f.proxy, url = newProxy(t, database)
	f.store = open(t, postgres.Options{URL: url, AttemptTimeout: timeout / 2, Timeout: timeout})
	f.project = newProject(t, f.store, "doubt")
	for range 3 { // so that every statement is prepared
		outcomes, err := f.store.Commit(t.Context(), []clientele.Write{upsert(f.project, "warm", time.Now().String())})
		if err != nil {
			t.Fatal(err)
		}
		f.known = outcomes[0].SubjectID
	}
	return f
}

// writes returns a new customer and a change of the one that is there.
func (f *doubt) writes(n int) []clientele.Write {
	return []clientele.Write{upsert(f.project, "new", "new@example.com"), upsert(f.project, "warm", time.Unix(int64(n), 0).String())}
}

// wantOnce commits and wants each write to have taken effect once, and the caller to know.
func (f *doubt) wantOnce(t *testing.T) {
	t.Helper()
	before := len(f.changes(t, f.known))
	outcomes, err := f.store.Commit(t.Context(), f.writes(1))
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	if outcomes[0].Result != clientele.Created || outcomes[1].Result != clientele.Updated {
		t.Errorf("outcomes %s and %s, want created and updated", outcomes[0].Result, outcomes[1].Result)
	}
	c, err := f.store.FindCustomerByExternalID(t.Context(), f.project, "new")
	if err != nil || c.ID != outcomes[0].SubjectID || c.Version != 1 {
		t.Errorf("the new customer: id %d, version %d, %v; want id %d, version 1", c.ID, c.Version, err, outcomes[0].SubjectID)
	}
	if got := len(f.changes(t, c.ID)); got != 1 {
		t.Errorf("the new customer has %d changes, want 1", got)
	}
	if got := len(f.changes(t, f.known)); got != before+1 {
		t.Errorf("the known customer has %d changes, want %d", got, before+1)
	}
	f.proxy.mu.Lock()
	defer f.proxy.mu.Unlock()
	if f.proxy.breaks != nil {
		t.Error("the connection was never broken")
	}
}

func (f *doubt) changes(t *testing.T, id int64) []clientele.Change {
	t.Helper()
	list, err := f.store.ListChanges(t.Context(), f.project, clientele.SubjectCustomer, id)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// await asks the database until it says yes.
func (f *doubt) await(t testing.TB, question string) { await(t, f.conn, question) }

// await asks the database until it says yes.
func await(t testing.TB, conn *pgx.Conn, question string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	for yes := false; !yes; {
		if err := conn.QueryRow(ctx, question).Scan(&yes); err != nil {
			t.Errorf("await %s: %v", question, err)
			return
		}
	}
}

// upsert returns a write of one customer.
func upsert(project int64, key, email string) clientele.Write {
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(key))
	p.Put(clientele.FieldEmail, clientele.Some(email))
	return clientele.Write{
		ProjectID: project, At: time.Now(), Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: "r"},
		Customer: &clientele.CustomerWrite{Patch: p},
	}
}
