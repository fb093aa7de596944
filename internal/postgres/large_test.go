package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

// bound makes a table refuse a statement that writes more rows than there shall be in one transaction: it stands for the time
// that an attempt has.
func bound(t *testing.T, conn *pgx.Conn, statement, table string, rows int) {
	t.Helper()
	exec(t, conn, fmt.Sprintf(`CREATE FUNCTION bound() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF (SELECT count(*) FROM written) > %d THEN RAISE EXCEPTION 'this is too much for one attempt'; END IF;
		RETURN NULL; END $$`, rows))
	exec(t, conn, fmt.Sprintf(`CREATE TRIGGER bound AFTER %s ON %s REFERENCING NEW TABLE AS written
		FOR EACH STATEMENT EXECUTE FUNCTION bound()`, statement, table))
}

// count returns the number that a question is answered with.
func count(t *testing.T, conn *pgx.Conn, question string) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), question).Scan(&n); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return n
}

// TestFinishTransfer_ManyCustomers: however many have arrived, no transaction gives more of them their places than it has time
// for, and none is left out, nor who had a place when an earlier try was broken off.
func TestFinishTransfer_ManyCustomers(t *testing.T) {
	url := pgtest.New(t)
	s, conn := open(t, postgres.Options{URL: url}), dial(t, url)
	if err := s.BeginTransfer(t.Context(), "a large book", nil); err != nil {
		t.Fatal(err)
	}
	const customers = 4*postgres.PlacesAtOnce + 7
	exec(t, conn, "INSERT INTO project (id, name, time_zone, created_at) SELECT n, 'p' || n, 'UTC', now() FROM generate_series(1, 3) n")
	exec(t, conn, fmt.Sprintf(`INSERT INTO customer (project_id, id, flags, source, credential_id, version, created_at, updated_at)
		SELECT 1 + n %% 2, 3 * n, 0, 'opm', 1, 1, now(), now() - n * interval '1 s' FROM generate_series(1, %d) n`, customers))
	exec(t, conn, "INSERT INTO customer_update (project_id, at, customer_id) SELECT project_id, updated_at, id FROM customer WHERE id < 999")
	bound(t, conn, "INSERT", "customer_update", postgres.PlacesAtOnce)
	if err := s.FinishTransfer(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]int{
		"SELECT count(*) FROM customer_update": customers,
		`SELECT count(*) FROM customer c JOIN customer_update u
			ON u.project_id = c.project_id AND u.customer_id = c.id AND u.at = c.updated_at`: customers,
		"SELECT count(*) FROM transfer": 0,
	} {
		if got := count(t, conn, question); got != want {
			t.Errorf("%s: %d, want %d", question, got, want)
		}
	}
	if last := lastID(t, conn); last < 3*customers {
		t.Errorf("the sequence of customers is at %d, and %d is there", last, 3*customers)
	}
}

// TestFinishTransfer_SlowReading: where the highest numbers stand may take longer to find than any attempt at a transaction. A
// lock makes it.
func TestFinishTransfer_SlowReading(t *testing.T) {
	url := pgtest.New(t)
	s := open(t, postgres.Options{URL: url, AttemptTimeout: time.Second, Timeout: 2 * time.Second})
	holder, observer := dial(t, url), dial(t, url)
	if err := s.BeginTransfer(t.Context(), "a large book", nil); err != nil {
		t.Fatal(err)
	}
	exec(t, holder, "BEGIN")
	exec(t, holder, "LOCK TABLE change IN ACCESS EXCLUSIVE MODE")
	finished := make(chan error, 1)
	go func() { finished <- s.FinishTransfer(t.Context(), nil) }()
	await(t, observer, `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
		AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '2500 ms')`)
	exec(t, holder, "ROLLBACK")
	if err := <-finished; err != nil {
		t.Error(err)
	}
}

// TestResendFailed_Many: however many deliveries have failed, no transaction makes more of them due than it has time for.
func TestResendFailed_Many(t *testing.T) {
	url := pgtest.New(t)
	s, conn := open(t, postgres.Options{URL: url}), dial(t, url)
	project := newProject(t, s, "receiver that was away")
	if _, err := s.CreateSubscription(t.Context(), subscription(project, clientele.CustomerChanged)); err != nil {
		t.Fatal(err)
	}
	const deliveries, early = 2*postgres.ResendAtOnce + 7, 5
	exec(t, conn, fmt.Sprintf(`INSERT INTO delivery
			(project_id, id, subscription_id, event_seq, status, attempts, retries, due_at, created_at, finished_at)
		SELECT %d, 'd' || n, 's', n, 'failed', 3, 3, now(), now() - CASE WHEN n %% 100 = 3 AND n < %d THEN interval '1 day' ELSE '0' END, now()
		FROM generate_series(1, %d) n`, project, 100*early, deliveries))
	bound(t, conn, "UPDATE", "delivery", postgres.ResendAtOnce)
	now := time.Now()
	r := clientele.Resend{ProjectID: project, SubscriptionID: "s", From: now.Add(-time.Hour), To: now.Add(time.Hour), At: now}
	n, err := s.ResendFailed(t.Context(), r)
	if err != nil || n != deliveries-early {
		t.Errorf("%d deliveries are sent again, %v; want %d", n, err, deliveries-early)
	}
	if due := count(t, conn, "SELECT count(*) FROM delivery WHERE status = 'due' AND retries = 0 AND finished_at IS NULL"); due != deliveries-early {
		t.Errorf("%d deliveries are due, want %d", due, deliveries-early)
	}
}
