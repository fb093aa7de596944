package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
)

// importBook is a book of either kind to import into, with a project named shop.
type importBook struct {
	dir string // of the embedded one
	*database
}

// eachBook runs a test on both kinds of book.
func eachBook(t *testing.T, test func(t *testing.T, b *importBook)) {
	t.Run("directory", func(t *testing.T) {
		dir, key := newBook(t)
		test(t, &importBook{dir, &database{t: t, key: key}})
	})
	t.Run("database", func(t *testing.T) {
		test(t, &importBook{"", newDatabase(t, pgtest.Empty(t))})
	})
}

// invocation is an import into the book.
func (b *importBook) invocation(args ...string) invocation {
	i := invocation{args: append([]string{"import", "--project", "shop"}, args...)}
	if b.dir == "" {
		i.env = b.env()
	} else {
		i.args = append(i.args, "--data-dir", b.dir)
	}
	return i
}

func (b *importBook) serve() *server {
	if b.dir != "" {
		return startServer(b.t, b.dir)
	}
	return b.start()
}

func (b *importBook) rows(t testing.TB) *bookRows {
	t.Helper()
	if b.dir != "" {
		return readBook(t, b.dir)
	}
	return b.read(nil)
}

// wantWhole has the program look through the book.
func (b *importBook) wantWhole(t testing.TB) {
	t.Helper()
	i := invocation{args: []string{"verify"}, within: 6 * patience} // it reads all of a large book
	if b.dir == "" {
		i.env = b.env()
	} else {
		i.args = append(i.args, "--data-dir", b.dir)
	}
	i.run(t).wants(t, exitOK)
}

// count returns how many rows a table of the book has.
func (b *importBook) count(t testing.TB, table string) (n int) {
	t.Helper()
	driver, source := "pgx", b.url
	if b.dir != "" {
		driver, source = "sqlite", filepath.Join(b.dir, sqlite.FileName)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// customersFile writes a file of so many customers, and one row in a thousand that is refused.
func customersFile(t testing.TB, customers int) (path string, refused int) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "customers.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "external_id,email,phone,first_name,last_name,ip")
	for i := range customers {
		fmt.Fprintf(w, "i%d,i%d@example.com,+1212555%04d,First,\"Last,\n name\",192.0.2.1\n", i, i, i%10_000)
		if i%1000 == 0 {
			fmt.Fprintf(w, ",nobody%d@example.com,,,,\n", i)
			refused++
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path, refused
}

func wantCount(t testing.TB, v map[string]any, name string, want int) {
	t.Helper()
	if v[name] != float64(want) {
		t.Errorf("%s is %v, want %d, of %v", name, v[name], want, v)
	}
}

// TestImport_MendAndImportAgain: good rows are taken and refused ones left, with status 1; mended they are taken too. What
// the program says of them holds nothing personal.
func TestImport_MendAndImportAgain(t *testing.T) {
	eachBook(t, func(t *testing.T, b *importBook) {
		file := filepath.Join(t.TempDir(), "customers.csv")
		text := "\ufeffCustomer ID;E-Mail;Phone;first name\r\n1;ada@example.com;+12125550100;Ada\r\n2;ben@example.com;+12125550101\r\n;cleo@example.com;;\r\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		dry := b.invocation(file, "--dry-run").run(t).wants(t, exitFailed)
		if dry.stdout != "Checked 3 rows for shop: 1 good, 2 refused; nothing was written.\n" || len(b.rows(t).customers) != 0 {
			t.Errorf("a dry run prints %q and leaves %d customers", dry.stdout, len(b.rows(t).customers))
		}
		o := b.invocation(file).run(t).wants(t, exitFailed)
		if !strings.Contains(o.stdout, ": 1 created, 0 updated, 0 unchanged, 2 refused.\n") || !strings.Contains(o.stderr, "2 rows were refused: mend them in "+file+".refused.csv") {
			t.Errorf("import prints %q and says %q", o.stdout, o.stderr)
		}
		if said := o.stdout + o.stderr + dry.stderr; strings.Contains(said, "example.com") || strings.Contains(said, "2125550") || strings.Contains(said, "Ada") {
			t.Errorf("import says too much: %s", said)
		}
		refused, err := os.ReadFile(file + ".refused.csv")
		if err != nil {
			t.Fatal(err)
		}
		mended := strings.Replace(strings.Replace(string(refused), ";;cleo", ";3;cleo", 1), "the row has no external_id: give it one, or import it with --allow-without-id;cleo", "x;3;cleo", 1)
		mended = strings.Replace(mended, "+12125550101\n", "+12125550101;Ben\n", 1)
		if err := os.WriteFile(file+".refused.csv", []byte(mended), 0o600); err != nil {
			t.Fatal(err)
		}
		v := b.invocation(file+".refused.csv", "--json").run(t).object(t)
		wantKeys(t, v, "created", "dryRun", "project", "refused", "returned", "rows", "run", "seconds", "unchanged", "updated")
		wantCount(t, v, "created", 2)
		o = b.invocation(file).run(t).wants(t, exitFailed)
		kept, err := os.ReadFile(file + ".refused.1.csv")
		if says := "they are in " + file + ".refused.1.csv now.\n"; err != nil || string(kept) != mended || !strings.Contains(o.stdout, says) {
			t.Errorf("what was mended is %q (%v) after another import, which prints %q; want %q in it", kept, err, o.stdout, says)
		}
		wantCount(t, b.invocation(file, "--json", "--refused", filepath.Join(t.TempDir(), "r"), "--ignore-unknown").failed(t), "unchanged", 1)
		rows := b.rows(t)
		rows.checkHistory(t)
		if len(rows.customers) != 3 || rows.changes[2].requestID != v["run"] {
			t.Errorf("%d customers; the last change is of %q", len(rows.customers), rows.changes[2].requestID)
		}
	})
}

// failed returns the JSON object of an import that refused rows.
func (i invocation) failed(t testing.TB) map[string]any {
	t.Helper()
	o := i.run(t).wants(t, exitFailed)
	o.status, o.stderr = exitOK, ""
	return o.object(t)
}

// TestImport_StandardInput has no extension and no place to go on.
func TestImport_StandardInput(t *testing.T) {
	eachBook(t, func(t *testing.T, b *importBook) {
		i := b.invocation("-", "--json")
		i.dir, i.stdin = t.TempDir(), `{"id":1,"email":"ada@example.com"}`+"\n"+`{"id":"2","nick":"x"}`+"\n"+`{"id":"2","email":"ben@example.com"}`
		v := i.failed(t)
		wantCount(t, v, "created", 2)
		wantCount(t, v, "refused", 1)
		if got, err := os.ReadFile(filepath.Join(i.dir, v["refusedFile"].(string))); err != nil || !strings.Contains(string(got), `"nick":"x"}`) {
			t.Errorf("refused rows %q (%v)", got, err)
		}
		i.args = append(i.args, "--ignore-unknown")
		v = i.run(t).object(t)
		wantCount(t, v, "unchanged", 3)
		if list, err := os.ReadDir(i.dir); err != nil || len(list) != 1 { // the refused rows of the first run, which the second leaves alone
			t.Errorf("left behind: %v (%v)", list, err)
		}
	})
}

// TestImport_StopsWaitingForInput when it is told to, and what came before is in the book.
func TestImport_StopsWaitingForInput(t *testing.T) {
	dir, _ := newBook(t)
	cmd := program(nil, "import", "-", "--project", "shop", "--data-dir", dir, "--format", "ndjson")
	cmd.Dir = t.TempDir()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s := launch(t, dir, cmd)
	for i := range 3000 { // more than is looked at first, and than a transaction takes
		if _, err := fmt.Fprintf(in, "{\"id\":%d,\"company\":\"%s\"}\n", i, strings.Repeat("x", 200)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, patience, "the first rows are in the book", func() bool { return len(readBook(t, dir).customers) > 0 })
	s.signal(syscall.SIGINT)
	s.waitExit(patience, exitFailed)
	if said := s.stderr.String(); !strings.Contains(said, "interrupted after ") || !strings.Contains(said, "import the same again") {
		t.Errorf("the import says %q", said)
	}
}

// TestImport_Interrupted: killed, then stopped, then run to its end, an import leaves what one run would have left.
func TestImport_Interrupted(t *testing.T) {
	const customers = 60_000
	t.Parallel() // it waits for the disk
	eachBook(t, func(t *testing.T, b *importBook) {
		file, refused := customersFile(t, customers)
		i := b.invocation(file, "--json")
		i.within = 6 * patience
		for n, signal := range []os.Signal{syscall.SIGKILL, syscall.SIGINT} {
			s := launch(t, b.dir, program(i.env, i.args...))
			noted := notes(file)
			eventually(t, patience, "the import notes how far it is", func() bool {
				if s.hasExited() {
					t.Fatalf("the import ended with %s: %s", s.process.ProcessState, s.stderr.String())
				}
				return notes(file) > noted && notes(file) > 1
			})
			s.signal(signal)
			<-s.exited
			if said := s.stderr.String(); n == 1 && (s.process.ProcessState.ExitCode() != exitFailed || !strings.Contains(said, "interrupted after ") || !strings.Contains(said, "run the same command again")) {
				t.Fatalf("stopped, the import ends with %s and says %q", s.process.ProcessState, said)
			}
		}
		v := i.failed(t)
		wantCount(t, v, "rows", customers+refused)
		wantCount(t, v, "refused", refused)
		b.wantWhole(t)
		if got, want := b.count(t, "customer"), customers; got != want {
			t.Errorf("%d customers, want %d", got, want)
		}
		if got, of := b.count(t, "change"), b.count(t, fmt.Sprintf("change WHERE request_id = '%s'", v["run"])); got != customers || of != customers {
			t.Errorf("%d changes, %d of the run %v, want %d", got, of, v["run"], customers)
		}
		text, err := os.ReadFile(file + ".refused.csv")
		lines := slices.Sorted(strings.Lines(string(text)))
		if err != nil || len(slices.Compact(lines)) != refused+1 || bytes.Count(text, []byte("\n")) != refused+1 {
			t.Errorf("%d lines in the file of refused rows, want %d and a header (%v)", len(lines), refused, err)
		}
		if _, err := os.Stat(file + ".refused.csv.progress"); err == nil {
			t.Error("the progress file is left behind")
		}
	})
}

// notes returns how many lines the progress file of an import has.
func notes(file string) int {
	text, _ := os.ReadFile(file + ".refused.csv.progress") // none before the first
	return bytes.Count(text, []byte("\n"))
}

// TestImport_BesideAServer: partners' calls are answered while an import goes on, and both are in the book.
func TestImport_BesideAServer(t *testing.T) {
	eachBook(t, func(t *testing.T, b *importBook) {
		const customers = 20_000
		file, refused := customersFile(t, customers)
		s := b.serve()
		l := startLoad(t, b.key, 8, func(random *rand.Rand, n int64) string { return fmt.Sprint("partner-", random.IntN(1000)) }, s)
		l.waitForAnswers(t, patience, 50)
		answered, start := l.answered[0].Load(), time.Now()
		v := b.invocation(file, "--json").failed(t)
		answered = l.answered[0].Load() - answered
		took := time.Since(start)
		l.stop()
		for _, f := range l.failures {
			t.Errorf("a partner was answered %d (%v) after %s", f.status, f.err, f.ended.Sub(f.begun))
		}
		s.stop()
		wantCount(t, v, "created", customers)
		wantCount(t, v, "refused", refused)
		if answered < 20 {
			t.Errorf("%d calls were answered in the %s of the import", answered, took)
		}
		t.Logf("%d calls were answered in the %s of the import", answered, took)
		rows := b.rows(t)
		rows.checkHistory(t)
		for _, c := range rows.changes {
			if strings.HasPrefix(c.values["external_id"], "i") != strings.HasPrefix(c.requestID, "import-") && c.action == "created" {
				t.Fatalf("change %d of request %q creates %q", c.seq, c.requestID, c.values["external_id"])
			}
		}
	})
}

// TestImport_WrongUsage: status 2 for how it is called, 1 for what it is called with.
func TestImport_WrongUsage(t *testing.T) {
	dir, _ := newBook(t)
	file, _ := customersFile(t, 1)
	others, _ := customersFile(t, 1)
	utf16 := filepath.Join(t.TempDir(), "utf16.csv")
	if err := os.WriteFile(utf16, []byte("\xff\xfei\x00d\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{file}, exitUsage, "--project"},
		{[]string{"--project", "shop"}, exitUsage, "<file>"},
		{[]string{file, "--project", "shop", "--format", "xml"}, exitUsage, `--format must be one of "csv","ndjson"`},
		{[]string{file, "--project", "shop", "--delimiter", "ab"}, exitUsage, "--delimiter"},
		{[]string{file, "--project", "shop", "--lanes", "0"}, exitUsage, "--lanes"},
		{[]string{file, "--project", "shop", "--column", "a=b"}, exitUsage, `no column "b"`},
		{[]string{"-", "--project", "shop", "--allow-without-id"}, exitUsage, "double the rows"},
		{[]string{file, "--project", "shop", "--dry-run", "--restart"}, exitUsage, "--restart"},
		{[]string{file, "--project", "other"}, exitFailed, "other"},
		{[]string{utf16, "--project", "shop"}, exitFailed, "iconv"},
		{[]string{file + ".missing", "--project", "shop"}, exitFailed, "no such file"},
		{[]string{file, "--project", "shop", "--refused", others, "--dry-run"}, exitFailed, "no file of refused rows"},
		{[]string{file, "--project", "shop", "--refused", others}, exitFailed, "no file of refused rows"},
		{[]string{file, "--project", "shop", "--refused", filepath.Join(dir, "missing", "x")}, exitFailed, "no such file"},
	} {
		o := command(t, append([]string{"import", "--data-dir", dir}, c.args...)...)
		if o.status != c.status || !strings.Contains(o.stderr, c.says) || o.stdout != "" {
			t.Errorf("import %v: status %d, want %d; stdout %q, stderr %q, want %q in it", c.args, o.status, c.status, o.stdout, o.stderr, c.says)
		}
	}
}
