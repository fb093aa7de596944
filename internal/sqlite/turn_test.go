package sqlite

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"clientele"
)

// TestStore_ProcessesTakeTurns: of two that always have something to write neither keeps the other out. Two stores on one directory are
// to each other as two processes are.
func TestStore_ProcessesTakeTurns(t *testing.T) {
	first, p := newStore(t)
	second, err := Open(t.Context(), first.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	var done atomic.Bool
	var taken atomic.Int64
	started, ended := make(chan struct{}), make(chan error)
	go func() {
		for n := 0; ; n++ {
			if _, err := first.Commit(t.Context(), upserts(p, fmt.Sprint("first-", n), 50)); err != nil || done.Load() {
				ended <- err
				return
			}
			if taken.Add(1) == 1 {
				close(started)
			}
		}
	}()
	<-started
	const turns = 20
	var longest time.Duration
	before := taken.Load()
	for n := range turns {
		begun := time.Now()
		if _, err := second.Commit(t.Context(), upserts(p, fmt.Sprint("second-", n), 1)); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(begun))
	}
	others := taken.Load() - before
	done.Store(true)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if others < turns/4 || others > 4*turns {
		t.Errorf("one had %d turns while the other had %d and waited %s at most: they should take turns", others, turns, longest)
	}
}

// upserts returns n writes of customers of one name.
func upserts(project int64, name string, n int) []clientele.Write {
	writes := make([]clientele.Write, n)
	for i := range writes {
		writes[i] = upsert(project, fmt.Sprint(name, "-", i), "ada@example.com")
	}
	return writes
}
