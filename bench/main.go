//go:build linux

// The bench command measures Clientele beside its ceilings, in one run: only ratios of figures taken together mean
// anything. The ceilings are a bare net/http server that decodes the same request, gives the same answer and stores
// nothing, the same with one table behind it, and loops over the drivers of SQLite and PostgreSQL, all of them made here; and
// PostgreSQL's own pgbench. Clientele is a black box, driven by its command line.
//
//	go run ./bench                  everything; about an hour
//	go run ./bench --quick          a first look, under two minutes
//	go run ./bench --only 'entry'   some rows, and what they are compared with
//	go run ./bench overload         twice of what each store can take, for a minute
//	go run ./bench pages            the pages of the console on a book of a million customers and leads
//
// Rows whose names begin with PostgreSQL need Debian's package postgresql; they make a cluster of their own.
//
// The load generator and each server are processes of their own, so that the processor time of each is known; a
// generator that uses a whole core is the limit itself. Each measurement starts a fresh server. A wrong answer, a
// closed connection or a server that does not stop fails the run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if len(args) > 0 {
		switch args[0] {
		case commandOverload:
			args = slices.Concat([]string{"--only", overloadOnly}, args[1:])
		case commandPages:
			return runPages(ctx, args[1:], stdout, stderr)
		case commandBareList:
			return serveBareList(args[1], stdin, stdout)
		case commandPostgresLoop:
			return serveJob(stdin, stdout, func(j unnestJob) (result, error) { return runUnnestLoop(ctx, j) })
		case commandFollow:
			return serveJob(stdin, stdout, func(j followJob) (result, error) { return runFollow(ctx, j) })
		case commandBare:
			return serveBare(args[1], stdin, stdout)
		case commandPlain:
			return servePlain(ctx, args[1], args[2], stdin, stdout)
		case commandReceive:
			return serveReceiver(stdin, stdout)
		case commandPost:
			return serveJob(stdin, stdout, func(j postJob) (result, error) { return runPosts(ctx, j) })
		case commandGenerate:
			return serveJob(stdin, stdout, generate)
		case commandSQLiteLoop:
			return serveJob(stdin, stdout, func(j loopJob) (result, error) { return runDriverLoop(ctx, j) })
		}
	}
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	clearEnvironment()
	return runBench(ctx, o, stdout, stderr)
}

// clearEnvironment keeps the settings of a book that is in use, and of its database, from the servers under test.
func clearEnvironment() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "CLIENTELE_") || strings.HasPrefix(name, "PG") {
			_ = os.Unsetenv(name) // a name that the environment has cannot be wrong
		}
	}
}

// serveJob carries out the job on standard input and prints its result.
func serveJob[J any](stdin io.Reader, stdout io.Writer, carryOut func(J) (result, error)) error {
	var j J
	if err := json.UnmarshalRead(stdin, &j); err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	r, err := carryOut(j)
	if err != nil {
		return err
	}
	return json.MarshalWrite(stdout, r)
}

// bench is one run.
type bench struct {
	options  options
	dir      string // for everything written; removed at the end
	self     string // this program
	binary   string // clientele
	numbers  *numbers
	books    []*fullBook
	plains   []*fullPlain   // as full as the books
	ceilings []*fullCeiling // as full as the books
	lists    *listBook
	cluster  *cluster          // nil until a row needs it
	probed   map[string]probed // by workload
	stderr   io.Writer
}

func newBench(o options, dir string, stderr io.Writer) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	b := &bench{
		options: o, dir: dir, self: self, binary: o.binary, stderr: stderr,
		numbers: &numbers{next: max(poolSize, o.books.largest()), scattered: o.ids == idsScattered},
		probed:  map[string]probed{},
	}
	for _, customers := range o.books {
		b.books = append(b.books, &fullBook{bench: b, customers: customers}, &fullBook{bench: b, customers: customers, onPostgres: true})
		b.plains = append(b.plains, &fullPlain{bench: b, rows: customers})
		b.ceilings = append(b.ceilings, &fullCeiling{bench: b, rows: customers})
	}
	b.lists = &listBook{bench: b, customers: o.listed()}
	return b, nil
}

// say tells how far the run is.
func (b *bench) say(format string, values ...any) {
	fmt.Fprintf(b.stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", values...)
}

func runBench(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	dir, err := os.MkdirTemp(o.dir, "clientele-bench-")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := newBench(o, dir, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	r, err := b.run(ctx)
	if err != nil && len(r.Rows) == 0 {
		return err
	}
	if err != nil {
		r.Incomplete = err.Error()
	}
	if errors.Is(err, errOutOfTime) {
		err = nil // as it was asked for
	}
	return errors.Join(err, publish(r, &o, stdout, stderr))
}

var errInterrupted = errors.New("interrupted")

// run returns with an error what was measured before.
func (b *bench) run(ctx context.Context) (report, error) {
	at := time.Now()
	rows, err := b.choose()
	if err != nil {
		return report{}, err
	}
	if sent := workloads(rows); len(sent) > 0 {
		if err := b.prepare(ctx, sent); err != nil {
			return report{}, err
		}
	}
	work := rounds{rows: rows, count: b.options.rounds, say: b.say}
	if b.options.maxTime > 0 {
		work.until = at.Add(b.options.maxTime)
	}
	all, err := work.run(ctx)
	if ctx.Err() != nil {
		err = errInterrupted // whatever failed then failed because its process was ended
	}
	r := newReport(rows, all)
	r.At, r.Machine, r.Settings = at, machineFacts(b.dir), b.options.settings()
	return r, err
}

// choose returns the rows to measure, and fails where they need what the machine lacks.
func (b *bench) choose() ([]row, error) {
	rows := selected(b.plan(), b.options.only)
	if b.options.quick {
		var slow []string
		if rows, slow = withoutSlow(rows); len(slow) > 0 {
			b.say("--quick leaves out what takes long: %s", strings.Join(slow, "; "))
		}
	}
	if slices.ContainsFunc(rows, func(r row) bool { return r.needsPostgres }) {
		if _, err := postgresPrograms(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// prepare builds Clientele and sees that it answers what the rows will send.
func (b *bench) prepare(ctx context.Context, sent []workload) error {
	if err := b.build(ctx); err != nil {
		return err
	}
	return b.probe(ctx, sent)
}

// publish prints the table, and writes the files that are wanted; JSON on standard output has it alone.
func publish(r report, o *options, stdout, stderr io.Writer) error {
	table := stdout
	if o.jsonFile == "-" {
		table = stderr
	}
	errs := []error{r.writeTable(table)}
	if o.jsonFile == "-" {
		errs = append(errs, r.writeJSON(stdout))
	} else {
		errs = append(errs, toFile(o.jsonFile, r.writeJSON))
	}
	return errors.Join(append(errs, toFile(o.markdownFile, r.writeMarkdown))...)
}

// toFile lets write fill a file; a path that is empty means none.
func toFile(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return errors.Join(write(file), file.Close())
}
