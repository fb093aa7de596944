package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clientele"
)

// TestErase_LeavesNothingInTheFile: in a book of many pages, in which people were changed again and again and found by
// search, the files have no byte of somebody who was erased.
func TestErase_LeavesNothingInTheFile(t *testing.T) {
	s, project := newStore(t)
	mark := func(n int) string { return fmt.Sprintf("zweigmark%04d", n) }
	const count, erased = 1200, 24
	ids := map[int]int64{}
	for round := range 3 {
		for from := 0; from < count; from += 200 {
			var writes []clientele.Write
			for n := from; n < from+200; n++ {
				w := upsert(project, mark(n), fmt.Sprintf("%s.%d@example.com", mark(n), round))
				w.Customer.Patch.Put(clientele.FieldLastName, clientele.Some(fmt.Sprint("zweigmark", round, mark(n))))
				w.Origin.RequestID = "r"
				w.Customer.Addresses = []clientele.Address{{AddressDetails: clientele.AddressDetails{City: clientele.Some(mark(n))}}}
				writes = append(writes, w)
			}
			for i, o := range mustCommit(t, s, writes...) {
				ids[from+i] = o.SubjectID
			}
		}
		followAll(t, s)
	}
	if err := s.EnsureErasureKey(t.Context(), bytes.Repeat([]byte{1}, clientele.ErasureKeyBytes), moment()); err != nil {
		t.Fatal(err)
	}
	for n := range erased {
		at := n * count / erased
		w := clientele.Write{ProjectID: project, At: moment(), Erase: &clientele.EraseWrite{CustomerID: ids[at], AskedBy: clientele.AskedByCommand}}
		if o := mustCommit(t, s, w)[0]; o.Result != clientele.Erased {
			t.Fatalf("erase %d: %s, %v", ids[at], o.Result, o.Err)
		}
	}
	if done, err := s.Purge(t.Context()); err != nil || !done {
		t.Fatalf("Purge = %t, %v", done, err)
	}
	for _, name := range []string{FileName, FileName + "-wal"} {
		content, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for n := range erased {
			if at := n * count / erased; bytes.Contains(content, []byte(mark(at))) {
				t.Errorf("%s has %d times something of %s, who was erased", name, bytes.Count(content, []byte(mark(at))), mark(at))
			}
		}
		if name == FileName && !bytes.Contains(content, []byte(mark(1))) {
			t.Errorf("%s has nothing of somebody who is there: that shows nothing", name)
		}
	}
	var on, foreign int
	if err := s.write.QueryRowContext(t.Context(), "SELECT foreign_keys, secure_delete FROM pragma_foreign_keys, pragma_secure_delete").Scan(&foreign, &on); err != nil || foreign != 1 || on != 1 {
		t.Errorf("afterwards foreign_keys %d, secure_delete %d, %v; want 1 and 1", foreign, on, err)
	}
}

// TestErasures_ReadNoTable: every statement about erasures finds its rows by an index.
func TestErasures_ReadNoTable(t *testing.T) {
	s, _ := newStore(t)
	listed := "SELECT " + erasureColumns + " FROM erasure WHERE project_id = ?"
	for _, query := range []string{
		findErasureKey, findMarks, deleteAddresses, deleteCustomer, emptyHistory, forgetVisits, emptySubmission, emptyFinished, forgetCall,
		emptyAnswers, deleteRefusal, noticeErasure, forgetMarks, listed + " ORDER BY at DESC, customer_id DESC LIMIT ?",
		listed + " AND customer_id = ?", listed + " AND (at, customer_id) < (?, ?) ORDER BY at DESC, customer_id DESC LIMIT ?",
	} {
		if query == deleteCustomer { // with foreign keys it would read the addresses: see eraseIn
			if _, err := s.write.ExecContext(t.Context(), "PRAGMA foreign_keys = OFF"); err != nil {
				t.Fatal(err)
			}
		}
		steps := explain(t, s, query)
		for _, step := range steps {
			if scansTable(step) && !strings.Contains(step, "VIRTUAL TABLE") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s: %v", query, steps)
			}
		}
		if len(steps) == 0 {
			t.Errorf("%s has no plan", query)
		}
	}
}
