package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

// TestIDs_AfterACrash kills the database while a transaction waits that has taken ids. The crash takes back what the
// sequence gave out, so another server gets it: the first must not use it any more.
func TestIDs_AfterACrash(t *testing.T) {
	cluster := pgtest.NewCluster(t, pgtest.Settings{"wal_writer_delay = 10s"}) // nobody writes the log but commits
	url := cluster.New(t)
	o := postgres.Options{URL: url, Timeout: 20 * time.Second}
	a, b := open(t, o), open(t, o)
	project := newProject(t, a, "crash")
	mustCommit(t, open(t, o), upsert(project, "first", "first@example.com"))

	holder := dial(t, url)
	exec(t, holder, "CHECKPOINT")
	exec(t, holder, "BEGIN")
	exec(t, holder, "LOCK TABLE customer IN SHARE MODE")
	committed := make(chan int64, 1)
	go func() {
		outcomes, err := a.Commit(context.WithoutCancel(t.Context()), []clientele.Write{upsert(project, "waits", "waits@example.com")})
		if err != nil {
			t.Errorf("the commit that waited: %v", err)
			outcomes = make([]clientele.Outcome, 1)
		}
		committed <- outcomes[0].SubjectID
	}()
	observer := dial(t, url)
	await(t, observer, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = 'customer'::regclass AND NOT granted)")
	before := lastID(t, observer)
	cluster.Crash(t)
	cluster.Restart(t)

	seen := map[int64]bool{<-committed: true}
	if after := lastID(t, dial(t, url)); after > before {
		t.Fatalf("the crash took nothing back: the sequence is at %d, and was at %d", after, before)
	}
	for n := range 3 {
		for name, s := range map[string]*postgres.Store{"a": a, "b": b} {
			id := mustCommit(t, s, upsert(project, fmt.Sprint(name, n), "ada@example.com")).SubjectID
			if seen[id] {
				t.Errorf("id %d was given twice", id)
			}
			seen[id] = true
		}
	}
}

func lastID(t *testing.T, conn *pgx.Conn) (id int64) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "SELECT last_value FROM customer_id_seq").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// TestIDs_TakenBySomebodyElse: a server whose ids were given to another one, as a failover to a standby that was behind has
// it, takes others. No write fails for it.
func TestIDs_TakenBySomebodyElse(t *testing.T) {
	url := pgtest.New(t)
	conn := dial(t, url)
	first := open(t, postgres.Options{URL: url})
	w := newWriter(t, first, "ids")
	writes := map[string]func(n int) clientele.Write{"customer": w.customer, "address": w.customer, "lead": w.lead}
	for what, write := range writes {
		t.Run(what, func(t *testing.T) {
			mustCommit(t, first, write(len(what)))
			exec(t, conn, "SELECT setval($1::text::regclass, 1, false)", what+"_id_seq")
			mustCommit(t, open(t, postgres.Options{URL: url}), write(10+len(what))) // finds the first id taken, too
			if o := mustCommit(t, first, write(20+len(what))); o.Result != clientele.Created {
				t.Errorf("%s, want created", o.Result)
			}
		})
	}
}

// TestIDs_ThatAreNotUsed: who writes what changes nothing does not use up ids.
func TestIDs_ThatAreNotUsed(t *testing.T) {
	url := pgtest.New(t)
	conn := dial(t, url)
	project := newProject(t, open(t, postgres.Options{URL: url}), "same")
	same := upsert(project, "same", "same@example.com")
	mustCommit(t, open(t, postgres.Options{URL: url}), same)
	s := open(t, postgres.Options{URL: url})
	mustCommit(t, s, same)
	before := lastID(t, conn)
	for range 3 {
		mustCommit(t, s, same)
	}
	if after := lastID(t, conn); after != before {
		t.Errorf("the sequence went from %d to %d", before, after)
	}
}

// writer makes new customers and leads.
type writer struct{ project, campaign, publisher int64 }

func newWriter(t *testing.T, s *postgres.Store, name string) writer {
	t.Helper()
	w := writer{project: newProject(t, s, name)}
	c, err := s.CreateCampaign(t.Context(), clientele.Campaign{
		ProjectID: w.project, UUID: "campaign of " + name, Name: "spring", LandingURL: "https://shop.example.com/", CreatedAt: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.CreatePublisher(t.Context(), clientele.Publisher{UUID: "publisher of " + name, Name: "Kestrel Media", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	w.campaign, w.publisher = c.ID, p.ID
	return w
}

// customer returns a new customer with an address.
func (w writer) customer(n int) clientele.Write {
	c := upsert(w.project, fmt.Sprint("customer ", n), "ada@example.com")
	c.Customer.Addresses = []clientele.Address{{CreatedAt: c.At}}
	return c
}

func (w writer) lead(n int) clientele.Write {
	return clientele.Write{ProjectID: w.project, At: time.Now(), Lead: &clientele.LeadWrite{Register: &clientele.Lead{
		UUID: fmt.Sprint("lead ", n), CampaignID: w.campaign, PublisherID: w.publisher, ActionAt: time.Now(),
	}}}
}
