package storetest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"clientele"
)

func commitChecks() []check {
	return []check{
		{"NoWrites", testCommitNothing},
		{"EveryChunkSize", testChunkSizes},
		{"AThousandRows", testThousandRows},
		{"SeveralProjects", testSeveralProjects},
		{"SameKeyTwice", testSameKeyTwice},
		{"SameKeyFiftyTimes", testSameKeyOften},
		{"UnchangedWritesNothing", testUnchanged},
		{"KeepsTheWrites", testCommitKeepsWrites},
		{"FromManyGoroutines", testConcurrentCommits},
	}
}

func testCommitNothing(t *testing.T, f *fixture) {
	for _, writes := range [][]clientele.Write{nil, {}} {
		if outcomes, err := f.Commit(t.Context(), writes); err != nil || len(outcomes) != 0 {
			t.Errorf("Commit of nothing = %v, %v", outcomes, err)
		}
	}
}

// testChunkSizes commits batches of sizes around those in which stores send rows.
func testChunkSizes(t *testing.T, f *fixture) {
	for _, size := range []int{1, 7, 8, 9, 63, 64, 65, 127, 513} {
		project := f.newProject(t, fmt.Sprintf("Batch of %d", size))
		ids := f.roundOfUpserts(t, project, size, "first", clientele.Created)
		f.roundOfUpserts(t, project, size, "second", clientele.Updated)
		f.roundOfUpserts(t, project, size, "second", clientele.Unchanged)
		for _, i := range []int{0, size / 2, size - 1} {
			c := f.customer(t, project, ids[i])
			if c.Version != 2 || c.Email.V != fmt.Sprintf("second%d@example.com", i) || len(c.Addresses) != i%3 {
				t.Errorf("batch of %d: customer %d has version %d, %d addresses, e-mail %q", size, i, c.Version, len(c.Addresses), c.Email.V)
			}
			wantSame(t, "replayed history", c, replay(t, f.changes(t, project, c.ID)))
		}
	}
}

// roundOfUpserts commits one batch of size upserts, of which each must have the same result, and returns the ids.
func (f *fixture) roundOfUpserts(t *testing.T, project int64, size int, round string, want clientele.Result) []int64 {
	t.Helper()
	writes := make([]clientele.Write, size)
	for i := range writes {
		writes[i] = upsert(project, i, strconv.Itoa(i), email(fmt.Sprintf("%s%d@example.com", round, i)))
		for n := range i % 3 {
			writes[i].Customer.Addresses = append(writes[i].Customer.Addresses, address(n))
		}
	}
	ids := make([]int64, size)
	for i, o := range f.commit(t, writes...) {
		if o.Result != want || o.Err != nil {
			t.Fatalf("write %d of %d in the %s round: %s, %v; want %s", i, size, round, o.Result, o.Err, want)
		}
		ids[i] = o.SubjectID
	}
	return ids
}

func testThousandRows(t *testing.T, f *fixture) {
	writes := make([]clientele.Write, 0, 1000)
	for i := range 1000 { // 500 customers, each created and then updated
		key := strconv.Itoa(i % 500)
		writes = append(writes, upsert(f.project, i, key, values{
			fieldNumber: clientele.Some("n" + key), clientele.FieldEmail: clientele.Some(fmt.Sprintf("%d@example.com", i)),
		}))
	}
	ids := map[int64]bool{}
	for i, o := range f.commit(t, writes...) {
		if want := [2]clientele.Result{clientele.Created, clientele.Updated}[i/500]; o.Result != want || o.Err != nil {
			t.Fatalf("write %d: %s, %v; want %s", i, o.Result, o.Err, want)
		}
		ids[o.SubjectID] = true
	}
	if len(ids) != 500 {
		t.Errorf("%d customers, want 500", len(ids))
	}
	for i := 0; i < 500; i += 50 {
		c, err := f.FindCustomerByExternalID(t.Context(), f.project, strconv.Itoa(i))
		if err != nil || c.Email.V != fmt.Sprintf("%d@example.com", i+500) || c.Version != 2 {
			t.Errorf("customer %d: e-mail %q, version %d, %v", i, c.Email.V, c.Version, err)
		}
	}
}

func testSeveralProjects(t *testing.T, f *fixture) {
	var writes []clientele.Write
	projects := []int64{f.project, f.other, f.newProject(t, "Third")}
	for i := range 30 {
		writes = append(writes, upsert(projects[i%3], i, strconv.Itoa(i%2), email(fmt.Sprintf("%d@example.com", i))))
	}
	outcomes := f.commit(t, writes...)
	for i, o := range outcomes {
		if wantCreated := i < 6; (o.Result == clientele.Created) != wantCreated || o.Err != nil {
			t.Errorf("write %d: %s, %v", i, o.Result, o.Err)
		}
	}
	for i := 24; i < 30; i++ {
		c := f.customer(t, projects[i%3], outcomes[i].SubjectID)
		if c.ExternalID.V != strconv.Itoa(i%2) || c.Email.V != fmt.Sprintf("%d@example.com", i) || c.Version != 5 {
			t.Errorf("last write %d: customer %v with %v, version %d", i, c.ExternalID, c.Email, c.Version)
		}
	}
}

func testSameKeyTwice(t *testing.T, f *fixture) {
	outcomes := f.commit(t, upsert(f.project, 1, "a", email("1@example.com")), upsert(f.project, 2, "a", email("2@example.com")))
	wantResults(t, outcomes, clientele.Created, clientele.Updated)
	outcomes = append(outcomes, f.commit(t,
		upsert(f.project, 3, "a", email("2@example.com")), upsert(f.project, 4, "a", email("1@example.com")))...)
	wantResults(t, outcomes[2:], clientele.Unchanged, clientele.Updated)
	for _, o := range outcomes {
		if o.SubjectID != outcomes[0].SubjectID {
			t.Errorf("one key, customers %d and %d", outcomes[0].SubjectID, o.SubjectID)
		}
	}
	if c := f.customer(t, f.project, outcomes[0].SubjectID); c.Version != 3 || c.Email.V != "1@example.com" {
		t.Errorf("version %d with %v, want 3 with 1@example.com", c.Version, c.Email)
	}
}

func testSameKeyOften(t *testing.T, f *fixture) {
	for batch := range 2 {
		var writes []clientele.Write
		for i := range 50 {
			writes = append(writes, upsert(f.project, i+50*batch, "a", email(fmt.Sprintf("%d-%d@example.com", batch, i))))
		}
		outcomes := f.commit(t, writes...)
		for i, o := range outcomes {
			want := clientele.Updated
			if batch == 0 && i == 0 {
				want = clientele.Created
			}
			if o.Result != want || o.SubjectID != outcomes[0].SubjectID {
				t.Errorf("batch %d, write %d: %s of %d", batch, i, o.Result, o.SubjectID)
			}
		}
		c := f.customer(t, f.project, outcomes[0].SubjectID)
		if c.Version != int64(50*(batch+1)) || c.Email.V != fmt.Sprintf("%d-49@example.com", batch) {
			t.Errorf("after batch %d: version %d with %v", batch, c.Version, c.Email)
		}
		wantSame(t, "replayed history", c, replay(t, f.changes(t, f.project, c.ID)))
	}
}

func testUnchanged(t *testing.T, f *fixture) {
	w := create(f.project, 1, keys("a", "1"), address(1))
	w.Customer.Patch.Put(clientele.FieldEmail, clientele.Some("ada@example.com"))
	id := f.commitOne(t, w, clientele.Created)
	want, history := f.customer(t, f.project, id), f.changes(t, f.project, id)
	outcomes := f.commit(t, upsert(f.project, 9, "a", email("ada@example.com")), upsert(f.project, 9, "a", nil),
		update(f.project, 9, id, keys("a", "1")), update(f.project, 9, id, nil), update(f.project, 9, id, values{clientele.FieldFax: {}}))
	for _, o := range outcomes {
		wantSame(t, "outcome", clientele.Outcome{Result: clientele.Unchanged, SubjectID: id, UpdatedAt: want.UpdatedAt}, o)
	}
	wantSame(t, "customer", want, f.customer(t, f.project, id))
	wantSame(t, "history", history, f.changes(t, f.project, id))
}

func testCommitKeepsWrites(t *testing.T, f *fixture) {
	build := func() []clientele.Write {
		a := create(f.project, 1, keys("a", "1"), address(1))
		a.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: "k"}
		return []clientele.Write{a, upsert(f.project, 2, "a", email("1@example.com")), upsert(f.other, 3, "a", email("2@example.com"))}
	}
	writes := build()
	f.commit(t, writes...)
	wantSame(t, "the caller's writes", build(), writes)
}

// testConcurrentCommits commits to the same keys from several goroutines: whatever the order, each key is created once
// and each change of it is in its history.
func testConcurrentCommits(t *testing.T, f *fixture) {
	const workers, rounds, numKeys = 6, 8, 3
	var mu sync.Mutex
	results := map[int64]map[clientele.Result]int{}
	var running sync.WaitGroup
	for worker := range workers {
		running.Go(func() {
			for round := range rounds {
				var writes []clientele.Write
				for key := range numKeys {
					writes = append(writes, upsert(f.project, round, strconv.Itoa(key), email(fmt.Sprintf("%d-%d@example.com", worker, round))))
				}
				outcomes, err := f.Commit(context.WithoutCancel(t.Context()), writes)
				if err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
				mu.Lock()
				for _, o := range outcomes {
					if results[o.SubjectID] == nil {
						results[o.SubjectID] = map[clientele.Result]int{}
					}
					results[o.SubjectID][o.Result]++
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	if len(results) != numKeys {
		t.Errorf("%d customers, want %d", len(results), numKeys)
	}
	for id, n := range results {
		if n[clientele.Created] != 1 || n[clientele.Updated] != workers*rounds-1 {
			t.Errorf("customer %d: %v", id, n)
		}
		wantSame(t, "replayed history", f.customer(t, f.project, id), replay(t, f.changes(t, f.project, id)))
	}
}
