package sqlite

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"clientele"
)

// TestTwoStores_WriteTheSameBook is a command beside a running server: two handles on one directory, both writing.
func TestTwoStores_WriteTheSameBook(t *testing.T) {
	dir := t.TempDir()
	server := openMigrated(t, dir)
	closeAfter(t, server)
	project := newProject(t, server)
	command, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, command)

	const rounds, keys = 25, 4
	results := make([]map[clientele.Result]int, keys)
	for i := range results {
		results[i] = map[clientele.Result]int{}
	}
	var mu sync.Mutex
	var running sync.WaitGroup
	for name, s := range map[string]*Store{"server": server, "command": command} {
		running.Go(func() {
			for round := range rounds {
				var writes []clientele.Write
				for k := range keys {
					writes = append(writes, upsert(project, keyOf(k), fmt.Sprintf("%s-%d@example.com", name, round)))
				}
				outcomes, err := s.Commit(context.WithoutCancel(t.Context()), writes)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				mu.Lock()
				for k, o := range outcomes {
					results[k][o.Result]++
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	for k, n := range results {
		if n[clientele.Created] != 1 || n[clientele.Updated] != 2*rounds-1 {
			t.Errorf("customer %d: %v; want created once and then updated", k, n)
		}
		for name, s := range map[string]*Store{"server": server, "command": command} {
			c, err := s.FindCustomerByExternalID(t.Context(), project, keyOf(k))
			if err != nil || c.Version != 2*rounds {
				t.Errorf("the %s sees version %d, %v; want %d", name, c.Version, err, 2*rounds)
			}
		}
	}
}

func TestTwoStores_SeeEachOthersCommitsAtOnce(t *testing.T) {
	dir := t.TempDir()
	a := openMigrated(t, dir)
	closeAfter(t, a)
	project := newProject(t, a)
	b, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, b)
	seen := map[int64]bool{}
	for i := range 20 {
		from, to := a, b
		if i%2 == 1 {
			from, to = b, a
		}
		id := mustCommit(t, from, upsert(project, keyOf(i), "ada@example.com"))[0].SubjectID
		if seen[id] {
			t.Errorf("both gave out id %d", id)
		}
		seen[id] = true
		if !has(t, to, project, keyOf(i)) {
			t.Errorf("commit %d is not seen by the other", i)
		}
	}
}
