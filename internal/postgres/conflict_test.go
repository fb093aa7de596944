package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/jackc/pgx/v5"
)

// TestTwoServers commits overlapping keys through two stores, in batches in an order of their own: each key is created
// once, each change is recorded, and nobody hears of the other.
func TestTwoServers(t *testing.T) {
	url := pgtest.New(t)
	stores := []*postgres.Store{open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})}
	project := newProject(t, stores[0], "shared")
	const batches, size, keys = 12, 60, 150
	var mu sync.Mutex
	created, changed := map[string]int{}, map[int64]int64{}
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			for batch := range batches {
				writes := make([]clientele.Write, size)
				for i := range writes {
					key := rand.N(keys) // the same key twice, too
					writes[i] = upsert(project, fmt.Sprint(key), fmt.Sprintf("%d-%d-%d@example.com", worker, batch, i))
					if key%3 == 0 {
						writes[i].Customer.Patch.Put(clientele.FieldExternalNumber, clientele.Some(fmt.Sprint(key)))
					}
				}
				outcomes, err := stores[worker%2].Commit(context.WithoutCancel(t.Context()), writes)
				if err != nil {
					t.Errorf("worker %d, batch %d: %v", worker, batch, err)
					return
				}
				mu.Lock()
				for i, o := range outcomes {
					if o.Result == clientele.Created {
						created[writes[i].Customer.Patch.ExternalID.V]++
					}
					changed[o.SubjectID]++
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	for key, n := range created {
		if n != 1 {
			t.Errorf("key %s was created %d times", key, n)
		}
	}
	if len(created) != len(changed) {
		t.Errorf("%d keys were created, and %d customers changed", len(created), len(changed))
	}
	for id, n := range changed {
		c, err := stores[0].FindCustomer(t.Context(), project, id)
		if err != nil || c.Version != n {
			t.Errorf("customer %d has version %d, %v; want %d, one for each write", id, c.Version, err, n)
		}
	}
}

// TestTwoServers_OneName sends the same named calls through two stores at once: each takes effect once.
func TestTwoServers_OneName(t *testing.T) {
	url := pgtest.New(t)
	stores := []*postgres.Store{open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: url})}
	project := newProject(t, stores[0], "named")
	start := time.Now()
	for day := range 2 { // the second time in the place of calls that are too old to count
		var got [2][]clientele.Outcome
		var running sync.WaitGroup
		for i, s := range stores {
			running.Go(func() {
				var writes []clientele.Write
				for n := range 40 {
					w := upsert(project, "", "ada@example.com")
					w.Customer.Patch.Set, w.Customer.Patch.ExternalID = clientele.FieldsOf(clientele.FieldEmail), clientele.Text{}
					w.At = start.Add(time.Duration(day) * clientele.MaxIdempotencyAge)
					w.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: fmt.Sprint((n*7 + i*13) % 40)}
					writes = append(writes, w)
				}
				var err error
				if got[i], err = s.Commit(context.WithoutCancel(t.Context()), writes); err != nil {
					t.Errorf("store %d: %v", i, err)
				}
			})
		}
		running.Wait()
		if t.Failed() {
			return
		}
		for n := range 40 {
			a, b := got[0][n], got[1][(n+40-(13*23)%40)%40] // 7 and 23 are each other's inverse modulo 40
			if a.SubjectID != b.SubjectID || a.Result != clientele.Created || b.Result != clientele.Created {
				t.Errorf("day %d, call %d: %s of customer %d and %s of %d; want one and the same", day, n, a.Result, a.SubjectID, b.Result, b.SubjectID)
			}
		}
	}
}

// TestTwoServers_OneNameInTurns lets a second server answer a call, in the place of one that is too old to count, after the
// first has looked and before it writes: the first must hear of it.
func TestTwoServers_OneNameInTurns(t *testing.T) {
	url := pgtest.New(t)
	p, behind := newProxy(t, url)
	first, second := open(t, postgres.Options{URL: behind}), open(t, postgres.Options{URL: url})
	project := newProject(t, second, "named")
	call := func(at time.Time) clientele.Write {
		w := upsert(project, "", "ada@example.com")
		w.Customer.Mode, w.Customer.Patch.Set, w.Customer.Patch.ExternalID = clientele.CreateCustomer, clientele.FieldsOf(clientele.FieldEmail), clientele.Text{}
		w.Idempotency, w.At = &clientele.Idempotency{CredentialID: 7, Key: "k"}, at
		return w
	}
	old := mustCommit(t, second, call(time.Now().Add(-clientele.MaxIdempotencyAge))).SubjectID
	var theirs int64
	p.arm(breakage{at: "DELETE FROM remembered_call", pass: true, forward: func() bool {
		outcomes, err := second.Commit(context.WithoutCancel(t.Context()), []clientele.Write{call(time.Now())})
		if err != nil {
			t.Errorf("second server: %v", err)
			return true
		}
		theirs = outcomes[0].SubjectID
		return true
	}})
	if ours := mustCommit(t, first, call(time.Now())).SubjectID; ours != theirs || ours == old {
		t.Errorf("the first server made customer %d and the second %d, where there was %d; want one new one", ours, theirs, old)
	}
}

// TestDeadlock makes the store's transaction the victim of a deadlock with somebody who locks in another order. Of two who
// wait for each other the one falls victim who looks first, about a second after it began to wait: that is the store, unless
// the machine is so busy that the other one began later than that.
func TestDeadlock(t *testing.T) {
	url := pgtest.New(t)
	log := &logCounter{}
	s := open(t, postgres.Options{URL: url, Log: slog.New(log)})
	project := newProject(t, s, "deadlock")
	first := mustCommit(t, s, upsert(project, "a", "0@example.com")).SubjectID
	second := mustCommit(t, s, upsert(project, "b", "0@example.com")).SubjectID
	other, observer := dial(t, url), dial(t, url)
	const lock = "UPDATE customer SET source = source WHERE project_id = $1 AND id = $2"
	for round := int64(1); log.count() == 0; round++ {
		exec(t, other, "BEGIN")
		exec(t, other, lock, project, second)
		committed := make(chan error, 1)
		go func() {
			email := fmt.Sprintf("%d@example.com", round)
			_, err := s.Commit(context.WithoutCancel(t.Context()), []clientele.Write{upsert(project, "a", email), upsert(project, "b", email)})
			committed <- err
		}()
		await(t, observer, "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'clientele' AND wait_event_type = 'Lock')")
		_, lockErr := other.Exec(t.Context(), lock, project, first)
		exec(t, other, "ROLLBACK")
		if err := <-committed; err != nil {
			t.Fatalf("Commit: %v", err)
		}
		if c, err := s.FindCustomer(t.Context(), project, first); err != nil || c.Version != round+1 {
			t.Errorf("version %d, %v; want %d", c.Version, err, round+1)
		}
		if (lockErr == nil) != (log.count() > 0) || round == 10 {
			t.Fatalf("in round %d the other's error is %v, and the store was a victim %d times", round, lockErr, log.count())
		}
	}
}

// TestErrors makes the database fail with each of the errors that matter, and looks what becomes of them.
func TestErrors(t *testing.T) {
	url := pgtest.New(t)
	conn := dial(t, url)
	log := &logCounter{}
	s := open(t, postgres.Options{URL: url, Timeout: 400 * time.Millisecond, Log: slog.New(log)})
	project := newProject(t, s, "errors")
	installFault(t, conn)
	for _, c := range []struct {
		code  string // and the constraint
		times int    // how often it happens before it passes
		again bool
		want  clientele.Kind
	}{
		{"40001", 3, true, 0},
		{"40P01", 2, true, 0},
		{"57014", 1, true, 0},
		{"55P03", 1, true, 0},
		{"23505 customer_external_id_unique_102008", 3, true, 0},
		{"0A000", 1, true, 0},
		{"57P03", 2, true, 0},
		{"53300", 1, true, 0},
		{"40001", 1e6, true, clientele.KindUnavailable},
		{"53300", 1e6, true, clientele.KindUnavailable},
		{"08006", 1e6, true, clientele.KindUnavailable},
		{"53100", 1e6, false, clientele.KindUnavailable},
		{"58030", 1e6, false, clientele.KindUnavailable},
		{"23505 customer_external_id_unique", 1e6, true, clientele.KindInternal},
		{"23505 lead_uuid_unique", 1e6, false, clientele.KindInternal},
		{"23514", 1e6, false, clientele.KindInternal},
		{"22021", 1e6, false, clientele.KindInternal},
		{"XX000", 1e6, false, clientele.KindInternal},
	} {
		name := fmt.Sprintf("%s for %d times", c.code, c.times)
		log.reset()
		exec(t, conn, "UPDATE fault SET code = $1, times = $2", c.code, c.times)
		exec(t, conn, "ALTER SEQUENCE faults RESTART")
		outcomes, err := s.Commit(t.Context(), []clientele.Write{upsert(project, name, "ada@example.com")})
		_, findErr := s.FindCustomerByExternalID(t.Context(), project, name)
		switch {
		case c.want == 0 && c.times < 1e6:
			if err != nil || findErr != nil || outcomes[0].Result != clientele.Created {
				t.Errorf("%s: %v, %v; want it created in the end", name, err, findErr)
			}
		case err == nil || clientele.KindOf(err) != c.want:
			t.Errorf("%s: %v; want kind %s", name, err, c.want)
		case clientele.KindOf(findErr) != clientele.KindNotFound:
			t.Errorf("%s: it failed, and the customer is there: %v", name, findErr)
		}
		if again := log.count() > 0; again != c.again {
			t.Errorf("%s: tried again: %t, want %t", name, again, c.again)
		}
		if err != nil && strings.Contains(err.Error(), "ada@example.com") {
			t.Errorf("%s: personal data in the error: %v", name, err)
		}
	}
}

// installFault makes each insert of a customer fail as the table fault says. What a sequence counts is not rolled back.
func installFault(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, sql := range []string{
		"CREATE TABLE fault (code text, times bigint)",
		"INSERT INTO fault VALUES ('00000', 0)",
		"CREATE SEQUENCE faults",
		`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
			DECLARE f fault;
			BEGIN
				SELECT * INTO f FROM fault;
				IF nextval('faults') <= f.times THEN
					RAISE EXCEPTION 'made up' USING ERRCODE = split_part(f.code, ' ', 1), CONSTRAINT = split_part(f.code, ' ', 2), DETAIL = 'Failing row contains ' || NEW.email;
				END IF;
				RETURN NEW;
			END $$`,
		"CREATE TRIGGER fail BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION fail()",
	} {
		exec(t, conn, sql)
	}
}

// logCounter counts log lines.
type logCounter struct {
	mu sync.Mutex
	n  int
}

func (l *logCounter) Enabled(context.Context, slog.Level) bool { return true }
func (l *logCounter) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logCounter) WithGroup(string) slog.Handler            { return l }

func (l *logCounter) Handle(context.Context, slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	return nil
}

func (l *logCounter) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

func (l *logCounter) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n = 0
}

// TestTextThatCannotBeStored: U+0000, which PostgreSQL has no room for, is the fault of its row and of no other.
func TestTextThatCannotBeStored(t *testing.T) {
	s := open(t, postgres.Options{URL: pgtest.New(t)})
	project := newProject(t, s, "poison")
	good := upsert(project, "good", "good@example.com")
	for name, poison := range map[string]clientele.Write{
		"in a value": upsert(project, "p", "a\x00b"),
		"in the key": upsert(project, "a\x00b", "p@example.com"),
		"not UTF-8":  upsert(project, "q", "\xff\xfe"),
		"in an origin": func() clientele.Write {
			w := upsert(project, "r", "r@example.com")
			w.Origin.RequestID = "\x00"
			return w
		}(),
	} {
		for _, batch := range [][]clientele.Write{{poison}, {good, poison}, {poison, good}} {
			if _, err := s.Commit(t.Context(), batch); err == nil || clientele.KindOf(err) == clientele.KindUnavailable {
				t.Errorf("%s, in a batch of %d: %v; want an error that makes the caller split the batch", name, len(batch), err)
			}
		}
	}
	if o := mustCommit(t, s, good); o.Result != clientele.Created {
		t.Errorf("the good write afterwards: %s, want created", o.Result)
	}
}
