package faulttest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"
)

// importedRows is how many rows a file has: several transactions of many rows each.
const importedRows = 3000

// TestFaults_Import breaks the connections of an import, and its COMMITs, and runs the command again when it gave up: each row
// has its effect once.
func TestFaults_Import(t *testing.T) {
	random, count := faulttest.Seeded(t), faulttest.NewTally(t)
	direct := faulttest.Book{Binary: faulttest.Binary(), URL: pgtest.New(t)}
	direct.Run(t, "project", "create", "shop")
	w, url := newWire(t, direct.URL)
	f := &stage{t: t, random: random, wires: []*wire{w}, ledger: newLedger(t, "pgx", direct.URL)}
	struck, again := 0, 0
	for run := range faulttest.InLongTests(2, 40) {
		count.Try()
		file := importFile(t, fmt.Sprintf("r%d", run/2), []string{"Gent", "Genk"}[run%2]) // new, and changed
		ended := make(chan error, 1)
		begun := w.carried.Load() + rowsAreOnTheWay
		go func() {
			_, _, err := faulttest.Book{Binary: faulttest.Binary(), URL: url}.Try("import", "--project", "shop", file)
			ended <- err
		}()
		err := f.disturb(w, ended, begun)
		struck += w.disarm()
		if err != nil {
			again++
			direct.Run(t, "import", "--project", "shop", file)
		}
		count.Violations(t, fmt.Sprintf("run %d", run), f.importedOnce(run))
	}
	t.Logf("%d connections and COMMITs broke, %d imports were run again", struck, again)
	if struck == 0 {
		t.Error("nothing broke")
	}
	direct.Run(t, "verify")
}

// importFile writes a file of customers of one series.
func importFile(t *testing.T, series, name string) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("external_id,email,first_name\n")
	for n := range importedRows {
		fmt.Fprintf(&b, "%s-%d,%s-%d@example.com,%s\n", series, n, series, n, name)
	}
	path := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// armImport has COMMITs struck and connections bitten, those within the rows, too.
func (f *stage) armImport(w *wire) {
	var bites []bite
	for range f.random.IntN(4) {
		bites = append(bites, bite{of: direction(f.random.IntN(2)), after: f.random.IntN(400_000), by: byReset})
	}
	commits := make([]commitFault, 1+f.random.IntN(4))
	for i := range commits {
		commits[i] = commitFault(f.random.IntN(int(commitFaults)))
	}
	w.arm(bites, commits)
}

// rowsAreOnTheWay is how many bytes go to the database before an import is disturbed: until then it looks at the schema, which
// it does once.
const rowsAreOnTheWay = 50_000

// disturb breaks connections and COMMITs of an import from a number of bytes on, resets the connections now and then until it
// has ended, and returns how it did.
func (f *stage) disturb(w *wire, ended <-chan error, begun int64) error {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for w.carried.Load() < begun {
		select {
		case err := <-ended:
			return err
		case <-poll.C:
		}
	}
	f.armImport(w)
	for range f.random.IntN(5) {
		select {
		case err := <-ended:
			return err
		case <-time.After(between(f.random, 0, 200*time.Millisecond)):
			w.resetAll()
		}
	}
	return <-ended
}

// importedOnce returns what is wrong with the rows of a run.
func (f *stage) importedOnce(run int) (wrong []string) {
	for what, c := range map[string]struct {
		query string
		want  int64
	}{
		"customers": {"SELECT count(*) FROM customer WHERE external_id LIKE 'r%d-%%'", importedRows},
		"customers as they were sent last": {
			"SELECT count(*) FROM customer WHERE external_id LIKE 'r%d-%%' AND first_name = '" + []string{"Gent", "Genk"}[run%2] + "'", importedRows,
		},
		"changes of them": {
			"SELECT count(*) FROM change AS h JOIN customer AS c ON c.project_id = h.project_id AND c.id = h.subject_id AND h.subject = 'customer' WHERE c.external_id LIKE 'r%d-%%'",
			importedRows * int64(1+run%2),
		},
	} {
		if got := f.ledger.number(fmt.Sprintf(c.query, run/2)); got != c.want {
			wrong = append(wrong, fmt.Sprintf("%d %s, want %d", got, what, c.want))
		}
	}
	return wrong
}
