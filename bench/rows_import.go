//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	rowImportSQLite   = "import of CSV"
	rowImportPostgres = "PostgreSQL: import of CSV"
	rowLoop500        = "driver loop, insert, 500 rows a commit"
	nameCopy          = "COPY"
	nameBookCopy      = "COPY into a book's tables"
	nameLoop          = "raw loop of 500"
	nameBookLoop      = "sqlite driver, a book's tables"
)

// importRows load customers in bulk into an empty book. The ceilings are the loop over the SQLite driver, and COPY of the same
// customers into the table of PostgreSQL's other ceilings.
func importRows(b *bench) []row {
	sqlite := row{name: rowImportSQLite, entrants: []entrant{
		{name: nameBookLoop, measure: func(ctx context.Context) (sample, error) {
			return b.measureDriver(ctx, loopJob{Batch: 500, Book: true})
		}},
		{name: nameSQLite, prepare: b.build, measure: b.importSQLite},
	}}
	sqlite.checks = []check{
		{of: quantity{rowImportSQLite, nameSQLite, rate}, base: quantity{rowLoop500, nameDriver, rate}, baseName: nameLoop, atLeast: importLoopShare},
		{of: quantity{rowImportSQLite, nameSQLite, rate}, base: quantity{rowImportSQLite, nameBookLoop, rate}, baseName: nameBookLoop},
	}
	postgres := row{name: rowImportPostgres, needsPostgres: true, slow: true, entrants: []entrant{
		{name: nameCopy, measure: b.measureCopy},
		{name: nameBookCopy, prepare: b.build, measure: b.measureBookCopy},
		{name: nameClientelePostgres, prepare: b.build, measure: b.importPostgres},
	}}
	ours := quantity{rowImportPostgres, nameClientelePostgres, rate}
	postgres.checks = []check{
		{of: ours, base: quantity{rowImportPostgres, nameCopy, rate}, baseName: nameCopy, atLeast: importCopyShare},
		{of: ours, base: quantity{rowImportPostgres, nameBookCopy, rate}, baseName: nameBookCopy},
	}
	return []row{sqlite, postgres}
}

// build makes the program where nothing else has needed it.
func (b *bench) build(ctx context.Context) (err error) {
	if b.binary == "" {
		b.say("building clientele")
		b.binary, err = buildClientele(ctx, b.dir)
	}
	return err
}

const (
	importedCustomers = 1_000_000
	importedQuick     = 50_000
)

func (b *bench) imported() int64 {
	if b.options.quick {
		return importedQuick
	}
	return importedCustomers
}

// csvFile writes some customers from the first on, each with line, and returns the file's path.
func (b *bench) csvFile(header string, first, count int64, line func(w io.Writer, n, id int64)) (path string, err error) {
	file, err := os.CreateTemp(b.dir, "import-*.csv")
	if err != nil {
		return "", fmt.Errorf("make file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriter(file)
	fmt.Fprint(w, header)
	ids := idRange{Scattered: b.numbers.scattered}
	for n := first; n < first+count; n++ {
		line(w, n+1, ids.id(n))
	}
	return file.Name(), w.Flush()
}

func (b *bench) importSQLite(ctx context.Context) (s sample, err error) {
	dir, err := os.MkdirTemp(b.dir, "import-")
	if err != nil {
		return sample{}, fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return b.measureImport(ctx, inDirectory(filepath.Join(dir, "book")), 0)
}

func (b *bench) importPostgres(ctx context.Context) (sample, error) {
	return b.onNewDatabase(ctx, func(c *cluster, database string) (sample, error) {
		return b.measureImport(ctx, place{"--database-url", c.url(database)}, c.command.Process.Pid)
	})
}

// onNewDatabase measures something on an empty database, which is gone afterwards.
func (b *bench) onNewDatabase(ctx context.Context, measure func(c *cluster, database string) (sample, error)) (s sample, err error) {
	c, err := b.postgres(ctx)
	if err != nil {
		return sample{}, err
	}
	database, drop, err := c.createDatabase(ctx)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return measure(c, database)
}

// measureImport runs the program's import, from its start to its end, and sees that it took every customer.
func (b *bench) measureImport(ctx context.Context, at place, database int) (s sample, err error) {
	file, err := b.csvFile(customerColumns, 0, b.imported(), customerLine)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(file)) }()
	var project struct{}
	if err := b.command(ctx, at, &project, "project", "create", "bench"); err != nil {
		return sample{}, err
	}
	return measureOnce(b.imported(), database, func() error {
		_, err := b.importFile(ctx, at, file, b.imported())
		return err
	})
}

// imported is what the program says of an import.
type imported struct {
	Created int64 `json:"created"`
	Refused int64 `json:"refused"`
}

// importFile runs the program's import and sees that it took every customer.
func (b *bench) importFile(ctx context.Context, at place, file string, customers int64) (done imported, err error) {
	err = b.command(ctx, at, &done, "import", file, "--project", "bench")
	if err == nil && (done.Created != customers || done.Refused != 0) {
		err = fmt.Errorf("the import created %d customers of %d and refused %d", done.Created, customers, done.Refused)
	}
	return done, err
}

// measureOnce measures something that does a number of rows and is done once. The processor time of the program under test
// is that of the processes that were waited for meanwhile.
func measureOnce(rows int64, database int, do func() error) (s sample, err error) {
	var before, after syscall.Rusage
	processor := meter{database: database}
	if err := errors.Join(processor.start(0), syscall.Getrusage(syscall.RUSAGE_CHILDREN, &before)); err != nil {
		return sample{}, err
	}
	began := time.Now()
	if err := do(); err != nil {
		return sample{}, err
	}
	took := time.Since(began)
	if err := errors.Join(processor.stop(int64(took)), syscall.Getrusage(syscall.RUSAGE_CHILDREN, &after)); err != nil {
		return sample{}, err
	}
	used := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	s.Closed = result{
		Sent: rows, Counted: rows, Seconds: took.Seconds(), Rate: float64(rows) / took.Seconds(),
		ServerCPU: used.Seconds() / took.Seconds(), DatabaseCPU: processor.used.database,
	}
	s.Closed.OtherCPU = max(0, processor.used.others()-s.Closed.ServerCPU)
	return s, nil
}
