package sqlite

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele"
)

// historyOf returns the numbers of a customer's changes, oldest first, and holds each way of reading them to the others.
func historyOf(t *testing.T, s *Store, project, id int64) []int64 {
	t.Helper()
	list, err := s.ListChanges(t.Context(), project, clientele.SubjectCustomer, id)
	if err != nil {
		t.Fatal(err)
	}
	seqs := make([]int64, len(list))
	for i := range list {
		seqs[i] = list[i].Seq
	}
	for limit := 1; limit <= len(seqs)+1; limit++ {
		var paged []int64
		for before := int64(0); ; {
			page, err := s.ListHistory(t.Context(), clientele.HistoryQuery{
				ProjectID: project, Subject: clientele.SubjectCustomer, SubjectID: id, Before: before, Limit: limit,
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range page {
				paged = append(paged, page[i].Seq)
			}
			if len(page) < limit {
				break
			}
			before = page[limit-1].Seq
		}
		slices.Reverse(paged)
		if !slices.Equal(paged, seqs) {
			t.Errorf("history %v of customer %d is %v by pages of %d", seqs, id, paged, limit)
		}
	}
	return seqs
}

// unchainedChanges counts the changes that are found by the index.
func unchainedChanges(t *testing.T, s *Store) (n int) {
	t.Helper()
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM change WHERE previous IS NULL").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestHistories_GoOnFromBeforeTheChains: changes of before are found by their index and later ones by their chain, in one history.
func TestHistories_GoOnFromBeforeTheChains(t *testing.T) {
	const customers = 4
	write := func(project int64, key, n int) clientele.Write {
		w := upsert(project, fmt.Sprint(key), fmt.Sprintf("a%d@example.com", n))
		w.At = w.At.Add(time.Duration(n) * time.Second)
		return w
	}
	s, project := bookOfVersion(t, 16, func(s *Store, project int64) {
		for n := range 3 {
			for key := range customers {
				mustCommit(t, s, write(project, key, n))
			}
		}
	})
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := unchainedChanges(t, s); n != 3*customers {
		t.Fatalf("%d changes are from before, want %d", n, 3*customers)
	}
	for n := 3; n < 6; n++ {
		for key := 1; key < customers+1; key++ { // not the first, and one that is new
			mustCommit(t, s, write(project, key, n), write(project, key, n+10))
		}
	}
	if n := unchainedChanges(t, s); n != 3*customers {
		t.Errorf("%d changes are in no chain, want those of before: %d", n, 3*customers)
	}
	for key, want := range []int{3, 9, 9, 9, 6} {
		if got := historyOf(t, s, project, int64(key+1)); len(got) != want || !slices.IsSorted(got) {
			t.Errorf("history of customer %d is %v, want %d changes", key+1, got, want)
		}
	}
	if err := s.EnsureErasureKey(t.Context(), make([]byte, clientele.ErasureKeyBytes), moment()); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, clientele.Write{
		ProjectID: project, At: moment().Add(time.Hour), Erase: &clientele.EraseWrite{CustomerID: 2, AskedBy: clientele.AskedByCommand},
	})
	if got := historyOf(t, s, project, 2); len(got) != 10 {
		t.Errorf("history of who was erased is %v, want 10 changes", got)
	}
	list, err := s.ListChanges(t.Context(), project, clientele.SubjectCustomer, 2)
	if err != nil || slices.ContainsFunc(list, func(c clientele.Change) bool { return string(c.Values) != "{}" }) {
		t.Errorf("the history of who was erased has values, %v", err)
	}
	if n := unchainedChanges(t, s); n != 3*customers+7 {
		t.Errorf("%d changes are in no chain, want also those of who was erased: %d", n, 3*customers+7)
	}
}
