package postgres_test

import (
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/google/uuid"
)

// TestMark_EachBatchHasOne, and a batch without effect has none.
func TestMark_EachBatchHasOne(t *testing.T) {
	url := pgtest.New(t)
	s, conn := open(t, postgres.Options{URL: url}), dial(t, url)
	project := newProject(t, s, "marks")
	for _, want := range []int{1, 1, 2} { // created, unchanged, updated
		mustCommit(t, s, upsert(project, "a", map[int]string{1: "1@example.com", 2: "2@example.com"}[want]))
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM commit_mark WHERE project_id = $1 AND NOT void", project).Scan(&n); err != nil || n != want {
			t.Errorf("%d marks, %v; want %d", n, err, want)
		}
	}
}

// TestMark_ARepeatHasOne: what a call that was sent before is answered from was only read, and the standby may not have it.
func TestMark_ARepeatHasOne(t *testing.T) {
	url := pgtest.New(t)
	s, conn := open(t, postgres.Options{URL: url}), dial(t, url)
	project := newProject(t, s, "repeats")
	marks := func() int { return count(t, conn, "SELECT count(*) FROM commit_mark") }
	write := named(upsert(project, "a", "1@example.com"), "a")
	for want := range 3 {
		if n := marks(); n != want {
			t.Errorf("%d marks after as many writes as %d", n, want)
		}
		if o := mustCommit(t, s, write); o.Result != clientele.Created {
			t.Errorf("%s, want created", o.Result)
		}
	}
	before, call := marks(), clientele.Idempotency{CredentialID: 7, Key: "b"}
	for _, want := range []int{1, 3} { // finding the end of the history writes one, too
		if _, err := s.CreateSubscriptionOnce(t.Context(), subscription(project, clientele.LeadChanged), call); err != nil {
			t.Fatal(err)
		}
		if n := marks() - before; n != want {
			t.Errorf("%d marks for subscriptions, want %d", n, want)
		}
	}
}

// named gives a write the name by which its caller calls it.
func named(w clientele.Write, key string) clientele.Write {
	w.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: key}
	return w
}

// TestMark_SettledIsSettled: whoever asks twice hears the same twice, and a void mark keeps its transaction out.
func TestMark_SettledIsSettled(t *testing.T) {
	url := pgtest.New(t)
	s, conn := open(t, postgres.Options{URL: url}), dial(t, url)
	there, missing := uuid.NewString(), uuid.NewString()
	exec(t, conn, postgres.InsertMark, int64(1), there)
	for range 2 {
		for id, wantVoid := range map[string]bool{there: false, missing: true} {
			if void, err := s.Settle(t.Context(), 1, id); err != nil || void != wantVoid {
				t.Errorf("settle: void %t, %v; want %t", void, err, wantVoid)
			}
		}
	}
	if _, err := conn.Exec(t.Context(), postgres.InsertMark, int64(1), missing); err == nil {
		t.Error("a transaction took place although its mark is void")
	}
}

// TestForgetCalls_ForgetsOldMarks, and keeps those that somebody may still ask for.
func TestForgetCalls_ForgetsOldMarks(t *testing.T) {
	url := pgtest.New(t)
	s, conn := open(t, postgres.Options{URL: url}), dial(t, url)
	projects := []int64{newProject(t, s, "one"), newProject(t, s, "two")}
	for i, age := range []string{"59 minutes", "61 minutes", "3 hours", "1 second"} {
		exec(t, conn, "INSERT INTO commit_mark (project_id, id, void, at) VALUES ($1, $2, false, now() - $3::text::interval)",
			projects[i%2], uuid.NewString(), age)
	}
	for _, c := range []struct{ limit, want int }{{0, 4}, {1, 3}, {100, 2}} {
		if n, err := s.ForgetCalls(t.Context(), time.Now(), c.limit); err != nil || n != 0 {
			t.Errorf("ForgetCalls = %d, %v; marks do not count", n, err)
		}
		var left int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM commit_mark").Scan(&left); err != nil || left != c.want {
			t.Errorf("%d marks left at limit %d, %v; want %d", left, c.limit, err, c.want)
		}
	}
}
