package postgres_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"pgregory.net/rapid"
)

// TestIDs_AreGivenOnce: whatever lanes take and give back, each id is used once, and a block is used up.
func TestIDs_AreGivenOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var source postgres.IDSource
		var blocks int64
		next := func() int64 { blocks++; return (blocks-1)*postgres.IDBlock + 1 }
		seen, last := map[int64]bool{}, int64(0)
		for range rapid.IntRange(1, 30).Draw(t, "batches") {
			n := rapid.IntRange(0, 2500).Draw(t, "wanted")
			for _, id := range source.Take(n, rapid.IntRange(0, n).Draw(t, "used"), next) {
				if seen[id] || id <= last || id > blocks*postgres.IDBlock {
					t.Fatalf("id %d after %d: given twice, out of order or out of nothing", id, last)
				}
				seen[id], last = true, id
			}
		}
		if left := blocks*postgres.IDBlock - int64(len(seen)); left > 3500 {
			t.Fatalf("%d ids of %d blocks lie idle", left, blocks)
		}
	})
}

// TestIDs_OfTwoStores: two servers never give the same id, and batches larger than a block get theirs.
func TestIDs_OfTwoStores(t *testing.T) {
	url := pgtest.New(t)
	var mu sync.Mutex
	var running sync.WaitGroup
	seen := map[int64]bool{}
	var project atomic.Int64
	first := open(t, postgres.Options{URL: url})
	project.Store(newProject(t, first, "ids"))
	for i, s := range []*postgres.Store{first, open(t, postgres.Options{URL: url})} {
		running.Go(func() {
			b := &bench{store: s, project: project.Load()}
			for n := range int64(5) {
				writes := append(b.upserts(int64(i)*1_000_000+n*5000, n), b.upserts(int64(i)*1_000_000+n*5000+1000, n)...)
				for range 3 {
					writes = append(writes, b.upserts(int64(i)*1_000_000+n*5000+2000+int64(len(writes)), n)...)
				}
				outcomes, err := s.Commit(t.Context(), writes)
				if err != nil {
					t.Errorf("store %d: %v", i, err)
					return
				}
				mu.Lock()
				for _, o := range outcomes {
					if seen[o.SubjectID] || o.SubjectID <= 0 {
						t.Errorf("id %d was given twice", o.SubjectID)
					}
					seen[o.SubjectID] = true
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
}
