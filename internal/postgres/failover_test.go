package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
)

// TestFailover kills the primary under load and promotes its synchronous standby: the store finds it by itself, and what
// was acknowledged is there, once.
func TestFailover(t *testing.T) {
	primary := pgtest.NewCluster(t, nil)
	database := primary.New(t)
	standby := primary.NewStandby(t, pgtest.Settings{"hot_standby = on", "synchronous_standby_names = ''"})
	admin, observer := dial(t, primary.URL("postgres")), dial(t, standby.URL("postgres"))
	exec(t, admin, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	exec(t, admin, "SELECT pg_reload_conf()")
	await(t, admin, "SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync')")

	s := open(t, postgres.Options{URL: eitherOf(t, database, primary, standby), Lanes: 3})
	l := &load{store: s, project: newProject(t, s, "failover"), acknowledged: map[string]int64{}}
	l.start(3)
	l.wantMore(t, 20)
	primary.Crash(t)
	exec(t, observer, "SELECT pg_promote()")
	l.wantMore(t, 20)
	l.stop()

	c, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	book := dial(t, standby.URL(c.Path[1:]))
	for key, id := range l.acknowledged {
		var n int
		err := book.QueryRow(t.Context(), "SELECT count(*) FROM customer WHERE external_id = $1 AND id = $2", key, id).Scan(&n)
		if err != nil || n != 1 {
			t.Errorf("the acknowledged write %s is there %d times, %v", key, n, err)
		}
	}
	if got := strings2(t, book, "SELECT external_id, count(*)::text FROM customer GROUP BY external_id HAVING count(*) > 1"); len(got) > 0 {
		t.Errorf("customers that are there twice: %v", got)
	}
	for _, err := range l.errors {
		if clientele.KindOf(err) != clientele.KindUnavailable {
			t.Errorf("an error in the gap: %v; want kind unavailable", err)
		}
	}
}

// eitherOf returns a URL of the database on whichever of the clusters takes writes.
func eitherOf(t *testing.T, database string, clusters ...*pgtest.Cluster) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	hosts := make([]string, len(clusters))
	for i, c := range clusters {
		hosts[i] = fmt.Sprintf("127.0.0.1:%d", c.Port)
	}
	u.Host = strings.Join(hosts, ",")
	u.RawQuery += "&target_session_attrs=read-write"
	return u.String()
}

// load commits new customers, one after the other in each of several workers, and remembers which were acknowledged.
type load struct {
	store   *postgres.Store
	project int64
	running sync.WaitGroup
	done    atomic.Bool
	count   atomic.Int64

	mu           sync.Mutex
	acknowledged map[string]int64
	errors       []error
}

func (l *load) start(workers int) {
	for worker := range workers {
		l.running.Go(func() {
			for n := 0; !l.done.Load(); n++ {
				l.write(fmt.Sprintf("%d-%d", worker, n))
			}
		})
	}
}

func (l *load) write(key string) {
	outcomes, err := l.store.Commit(context.Background(), []clientele.Write{upsert(l.project, key, "ada@example.com")})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.errors = append(l.errors, err)
		return
	}
	l.acknowledged[key] = outcomes[0].SubjectID
	l.count.Add(1)
}

// wantMore waits until n more writes were acknowledged.
func (l *load) wantMore(t *testing.T, n int64) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for start := l.count.Load(); l.count.Load() < start+n; {
		select {
		case <-ticker.C:
		case <-deadline:
			l.stop()
			t.Fatalf("%d writes were acknowledged in 30 s, want %d; errors: %v", l.count.Load()-start, n, l.errors)
		}
	}
}

func (l *load) stop() {
	l.done.Store(true)
	l.running.Wait()
}
