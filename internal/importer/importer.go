// Package importer loads customers in bulk from CSV and NDJSON, by the rules of a partner's write.
//
// A file is never in memory as a whole. One goroutine cuts it into rows, several read and normalise them, a few lanes commit
// them: what is about one external id stays in one lane and in its order. How far the run is, is noted after each commit and
// now and then on the disk; an interrupted run goes on from there. Rows that are repeated then change nothing: those with an
// external id because they are upserts, those without because the book remembers their calls.
package importer

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"clientele"

	"github.com/google/uuid"
)

// Store is the book. Commit carries out a batch of writes in one durable transaction; on an error nothing of the batch was written.
// ListHistory returns changes of a record, the newest first; none for one that is not there.
type Store interface {
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)
	ListHistory(ctx context.Context, q clientele.HistoryQuery) ([]clientele.Change, error)
}

// Options say what is imported and how. The zero value of a field that is not explained means its default.
type Options struct {
	// Name is the file's name, whose extension tells the format; "-" for standard input, in which nobody goes on, file or not.
	Name string
	// Book and Project name where the customers go, for knowing an interrupted run again; ProjectID is the project's id.
	Book, Project string
	ProjectID     int64
	Format        Format
	// Delimiter of CSV; 0 to find it.
	Delimiter byte
	// Columns maps names of the input to names of columns, or to "-" for one that is not read.
	Columns map[string]string
	// IgnoreUnknown passes over columns and members that are not known.
	IgnoreUnknown bool
	// AllowWithoutID creates a customer for each row without external id; else they are refused.
	AllowWithoutID bool
	// DryRun writes nothing into the book.
	DryRun bool
	// Restart forgets what an interrupted run has done.
	Restart bool
	// Refused is the path of the file of refused rows, default Name with .refused and the format behind it, and with the run between
	// them where the input is no file; that of the progress file has .progress behind it. A dry run takes another name where there is
	// a file that is not to be replaced.
	Refused string
	// Lanes is how many transactions run at once, default 1; TransactionRows is how many rows each takes, default 1000.
	Lanes, TransactionRows int
	// Patience is how long a book that cannot be written is tried again; default 30 s.
	Patience time.Duration
	// Now is the clock; NewRun names a run.
	Now    func() time.Time
	NewRun func() string
	// Progress hears how many bytes of the input are done; one call at a time.
	Progress func(bytes int64, c Counts)
}

// Counts are the rows of an import by what became of them. A row is counted once however often it was sent.
type Counts struct {
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Refused   int64 `json:"refused"`
	// Returned are those of the created who had been erased, by what they are known by.
	Returned int64 `json:"returned"`
	// Checked are the good rows of a dry run, of which nothing becomes.
	Checked int64 `json:"checked,omitzero"`
}

// Rows returns how many there were.
func (c Counts) Rows() int64 { return c.Created + c.Updated + c.Unchanged + c.Refused + c.Checked }

// Report is what became of an import.
type Report struct {
	Counts
	// Run is the name under which the changes are in the history.
	Run string
	// RefusedFile is where the refused rows are, but for those that are aside; there is none when none was refused.
	RefusedFile string
	// EarlierFile is the new name of another file of refused rows that was in its place; "" for none.
	EarlierFile string
	Aside       Aside
	// GoneOn says that an interrupted run was continued; its rows are counted too.
	GoneOn bool
	// Unfinished says that the same import, run again, goes on where this one stopped.
	Unfinished bool
}

// Aside are the first of the refused rows, whose file was changed or taken away while the import was interrupted.
type Aside struct {
	Rows int64 `json:"rows"`
	// Files are new names of files that were changed; those that were taken away are not known.
	Files []string `json:"files"`
}

const (
	// defaultTransactionRows are enough for what a transaction costs beside its rows not to count, and few enough for a
	// partner's call, which on SQLite takes turns with it, to wait some 20 ms.
	defaultTransactionRows = 1000
	defaultPatience        = 30 * time.Second
	noteEvery              = 200 * time.Millisecond
	// chunksAhead are more than are imported between two notes, mostly; a chunk is a transaction's rows for each lane.
	chunksAhead = 32
)

func (o *Options) complete() {
	if o.Lanes <= 0 {
		o.Lanes = 1
	}
	if o.TransactionRows <= 0 {
		o.TransactionRows = defaultTransactionRows
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewRun == nil {
		o.NewRun = func() string { return "import-" + uuid.NewString() }
	}
	if o.Progress == nil {
		o.Progress = func(int64, Counts) {}
	}
}

// run is one import on its way.
type run struct {
	Options
	store    Store
	input    *input
	refused  *refusals
	progress *progress // nil where one cannot go on
	decoders int
	// regular says that the input is a file, in which one can go on.
	regular bool

	report Report
	at     position
	// passedSum is of all the bytes before at.
	passedSum string
	// doubtfulTo is the line before which rows may have been sent by the run that was interrupted.
	doubtfulTo int64
	notedAt    time.Time
	// since is when the run began: it may be gone on with later.
	since  time.Time
	traces traces
}

// Run imports the file. The report is true of what was done also when there is an error: of kind conflict when the file, or
// what an interrupted run left of it, does not do; of kind unavailable when the book cannot be written; of ctx when the
// caller gave up.
func Run(ctx context.Context, store Store, file *os.File, o Options) (report Report, err error) {
	o.complete()
	r := &run{Options: o, store: store, decoders: runtime.GOMAXPROCS(0)}
	info, err := file.Stat()
	if err != nil {
		return r.report, err
	}
	in := io.Reader(file)
	if r.regular = info.Mode().IsRegular() && r.Name != "-"; !r.regular {
		in = interruptible(ctx, file)
	}
	if r.input, err = openInput(in, &r.Options); err != nil {
		return r.report, err
	}
	r.report.Run = r.NewRun()
	r.nameRefused()
	if there, err := os.Stat(r.Refused); err == nil && os.SameFile(info, there) {
		return r.report, clientele.Errorf(clientele.KindInvalid, "refused rows cannot go into the file that is imported")
	}
	r.at, r.passedSum, r.refused = r.input.splitter.at, passed(r.input.splitter.sum), newRefusals(r.Refused, r.input, signerOf(r))
	if err := r.begin(ctx, file); err != nil {
		return r.report, errors.Join(err, r.end(false))
	}
	err = r.carryOut(ctx)
	r.report.Unfinished = err != nil && r.progress != nil
	return r.report, errors.Join(err, r.end(err == nil))
}

func (r *run) nameRefused() {
	if r.Refused != "" {
		return
	}
	name := r.Name
	if name == "-" {
		name = "stdin"
	}
	if !r.regular { // the next one has the same name
		name += "." + r.report.Run
	}
	r.Refused = name + ".refused." + string(r.input.format)
}

func (r *run) progressPath() string { return r.Refused + ".progress" }

// interruptible returns what can be read of a pipe or a terminal until ctx is done. Whoever waits there for input is left
// behind then.
func interruptible(ctx context.Context, file io.Reader) io.Reader {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, file)
		_ = in.CloseWithError(err) // it always returns nil
	}()
	context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) })
	return out
}

// begin goes on with an interrupted run where there is one, or begins a new one.
func (r *run) begin(ctx context.Context, file *os.File) error {
	r.report.RefusedFile = r.Refused
	r.notedAt = r.Now()
	r.since = r.notedAt
	if r.DryRun {
		if _, err := os.Lstat(r.progressPath()); err == nil {
			return conflict("an import of this file was interrupted, whose refused rows are in %s: end it first, or name another file with --refused", r.Refused)
		}
		return r.beginRefused()
	}
	if !r.regular {
		if r.AllowWithoutID {
			return clientele.Errorf(clientele.KindInvalid, "rows without an external id take a file: an interrupted import of anything else would double them")
		}
		return r.beginRefused()
	}
	var err error
	if r.progress, err = openProgress(r.progressPath()); err != nil {
		return err
	}
	r.progress.ahead = int64(chunksAhead * r.Lanes * r.TransactionRows)
	if r.progress.first.Run == "" || r.Restart {
		if err := r.beginRefused(); err != nil {
			return err
		}
		return r.progress.begin(note{
			Version: notesVersion, Input: identityOf(r.input, &r.Options), Run: r.report.Run, EarlierFile: r.report.EarlierFile,
			position: r.at, Passed: r.passedSum, At: r.notedAt.UTC(),
		})
	}
	return r.goOn(ctx, file)
}

func (r *run) beginRefused() (err error) {
	r.report.EarlierFile, err = r.refused.begin()
	return err
}

// note notes how far the run is: first the refused rows are on the disk, then what says so.
func (r *run) note() error {
	err := r.refused.keep(r.announce)
	if r.report.RefusedFile = r.refused.path; err != nil || r.progress == nil {
		return err
	}
	r.notedAt = r.Now()
	return r.progress.append(note{
		position: r.at, Passed: r.passedSum, Counts: r.report.Counts, traces: r.traces.clone(), RefusedFile: r.refused.kept, Aside: r.report.Aside, At: r.notedAt.UTC(),
	})
}

// end closes the files.
func (r *run) end(done bool) error {
	err := r.refused.close(r.announce)
	if r.progress != nil {
		err = errors.Join(err, r.progress.end(done && err == nil))
	}
	return err
}

// passed takes what became of a chunk, in the order of the input.
func (r *run) passed(c *chunk) error {
	for i := range c.rows {
		if c.rows[i].reason == "" {
			continue
		}
		r.report.Refused++
		if err := r.refused.add(&c.rows[i], c.data[c.rows[i].start:c.rows[i].end]); err != nil {
			return err
		}
	}
	for _, result := range c.results {
		switch result {
		case clientele.Created:
			r.report.Created++
		case clientele.Updated:
			r.report.Updated++
		case clientele.Unchanged:
			r.report.Unchanged++
		case 0:
			r.report.Checked++
		}
	}
	r.report.Returned += c.returned.Load()
	r.traces.follow(&c.traces)
	r.at, r.passedSum = c.end, c.passedSum
	r.Progress(r.at.Offset, r.report.Counts)
	if r.Now().Sub(r.notedAt) < noteEvery && r.refused.pending.Len() < maxPendingBytes {
		return nil
	}
	return r.note()
}

// errStopped is what a chunk ends in that came after one that failed.
var errStopped = errors.New("stopped")
