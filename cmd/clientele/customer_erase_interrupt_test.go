package main

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"clientele/internal/sqlite"
)

// TestCustomerErase_Interrupted: an erasure that is interrupted while it waits for servers looks once more at once, empties the -wal
// file and stands in the audit log. It says that the customer is erased, and what may be left.
func TestCustomerErase_Interrupted(t *testing.T) {
	t.Parallel()
	dir, key := newBook(t)
	file := filepath.Join(dir, sqlite.FileName)
	b := erasureBook{driver: "sqlite", source: file, files: []string{file, file + "-wal"}}
	ask := func(query string) []string {
		db, err := sql.Open(b.driver, b.source)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		return column(t, db, query)
	}
	s := startServer(t, dir)
	s.entry(key, `{"customerId":"`+erasedMark+`","customerEmail":"`+erasedEmail+`"}`).wants(t, 201, createdBody)
	erase := launch(t, dir, program(nil, "customer", "erase", "--project", "shop", "--external-id", erasedMark, "--yes", "--settle", "1h", "--data-dir", dir))
	eventually(t, patience, "the customer is erased", func() bool { return len(ask("SELECT customer_id FROM erasure")) == 1 })
	s.entry(key, `{"customerEmail":"`+erasedEmail+`"}`) // refused
	eventually(t, patience, "the refused call is stored", func() bool { return slices.Contains(ask("SELECT count(*) FROM refusal"), "1") })
	erase.signal(syscall.SIGINT)
	erase.waitExit(patience, exitFailed)
	if list, _ := b.holding(t, erasedMark); len(list) > 0 {
		t.Errorf("these hold something of the person: %v", list)
	}
	if got := ask("SELECT subject FROM audit WHERE action = 'customer.erase'"); !slices.Equal(got, []string{"customer 1"}) {
		t.Errorf("the audit log tells of %q", got)
	}
	if out := erase.stdout.String(); !strings.HasPrefix(out, "Erased customer 1 of shop at 20") {
		t.Errorf("it prints %q", out)
	}
	said := "\nclientele: customer 1 is erased, but servers were not waited for: a call that they refused just before may stay"
	if got := erase.stderr.String(); !strings.Contains(got, said) {
		t.Errorf("it says %q", got)
	}
	s.stop()
}
