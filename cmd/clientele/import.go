package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/importer"
	"clientele/internal/postgres"
	"clientele/internal/work"
)

type importCommand struct {
	config.Book
	File           string            `arg:"" help:"File to load, in UTF-8; - for standard input."`
	Project        string            `help:"Project whose book the customers go into." required:"" placeholder:"NAME"`
	Format         *string           `help:"csv or ndjson (default: by the file's extension, else by what it begins with)." enum:"csv,ndjson" placeholder:"FORMAT"`
	Delimiter      string            `help:"Between values of CSV: auto, comma, semicolon, tab, pipe, or a character (default ${default})." default:"auto" placeholder:"NAME"`
	Column         map[string]string `help:"What a column or member of another name is, such as Kundennummer=external_id, or Remarks=- for one to pass over; repeatable." mapsep:"none" placeholder:"NAME=COLUMN"`
	IgnoreUnknown  bool              `help:"Pass over columns and members that are not known, instead of refusing the file or the row."`
	AllowWithoutID bool              `help:"Create a customer for each row without external_id, instead of refusing it." name:"allow-without-id"`
	Refused        string            `help:"File for refused rows and the reasons; it can be mended and imported (default FILE.refused.csv or FILE.refused.ndjson; of standard input one for each run, stdin.RUN.refused.csv)." type:"path" placeholder:"FILE"`
	Restart        bool              `help:"Begin anew, instead of going on where an interrupted import of the file was; rows without external_id become customers once more."`
	DryRun         bool              `help:"Check every row and write the file of refused ones, but nothing into the book."`
	Lanes          int               `help:"Transactions that run at once, on PostgreSQL (default ${default})." default:"4" placeholder:"N"`
	JSON           bool              `help:"Print one JSON object."`
}

// Help is shown below the flags.
func (c *importCommand) Help() string {
	return "A customer is known by its external_id; a blank never wipes what is there. Columns of CSV, named in the first line, and members of NDJSON: " +
		strings.Join(importer.Columns(), ", ") + ". Blanks, case and punctuation in names do not count, and common other names are understood: " +
		"docs/operating.md lists them. The address becomes the first one of a customer that is new; known customers keep theirs. " +
		"An import that was interrupted goes on where it was when the same command is run again. Exit status 1 when rows were refused."
}

// delimiters are the names of delimiters.
var delimiters = map[string]byte{"auto": 0, "comma": ',', "semicolon": ';', "tab": '\t', "pipe": '|'}

// Validate is called by the parser.
func (c *importCommand) Validate() error {
	if _, err := c.delimiter(); err != nil {
		return err
	}
	switch {
	case c.Lanes < 1 || c.Lanes > 100:
		return errors.New("--lanes must be between 1 and 100")
	case c.File == "-" && c.AllowWithoutID:
		return errors.New("--allow-without-id takes a file: an interrupted import of standard input would double the rows")
	case c.DryRun && c.Restart:
		return errors.New("--dry-run does nothing that --restart could begin anew")
	}
	return nil
}

func (c *importCommand) delimiter() (byte, error) {
	if d, found := delimiters[c.Delimiter]; found {
		return d, nil
	}
	if len(c.Delimiter) == 1 && c.Delimiter[0] > ' ' && c.Delimiter[0] < 0x7f && c.Delimiter[0] != '"' {
		return c.Delimiter[0], nil
	}
	return 0, errors.New("--delimiter is auto, comma, semicolon, tab, pipe or one printable character other than a quote")
}

// Run loads the file.
func (c *importCommand) Run(ctx context.Context, std streams) (err error) {
	file, err := c.open(std)
	if err != nil {
		return err
	}
	defer file.Close() // it is only read
	var done imported
	err = c.withBook(ctx, func(s store) error {
		project, err := s.FindProject(ctx, c.Project)
		if err != nil {
			return err
		}
		done, err = c.load(ctx, std, s, file, project)
		return err
	})
	if err != nil {
		return err
	}
	if err := done.print(c, std.out); err != nil {
		return err
	}
	if done.Refused > 0 {
		return done.refusal()
	}
	return nil
}

func (c *importCommand) open(std streams) (*os.File, error) {
	if c.File == "-" {
		if in, ok := std.in.(*os.File); ok {
			return in, nil
		}
		return nil, errors.New("standard input is no file")
	}
	if info, err := os.Stat(c.File); err == nil && info.IsDir() {
		return nil, usage("%s is a directory: name a file of it", c.File)
	}
	return os.Open(c.File)
}

// withBook opens the book as other commands do, on a database with as many connections as there are lanes.
func (c *importCommand) withBook(ctx context.Context, do func(store) error) error {
	if c.DatabaseURL == "" {
		c.Lanes = 1 // SQLite has one writer
		return withBook(ctx, c.Book, do)
	}
	s, err := openDatabase(ctx, postgres.Options{URL: c.DatabaseURL, PgBouncer: c.PgBouncer, Lanes: c.Lanes})
	if err != nil {
		return err
	}
	err = wantBook(ctx, c.Book, s)
	if err == nil {
		_, _, err = s.Migrate(ctx)
	}
	if err == nil {
		err = refuseArriving(ctx, s)
	}
	if err == nil {
		err = do(s)
	}
	return errors.Join(err, s.Close())
}

// load runs the import and says what to do when it ends early.
func (c *importCommand) load(ctx context.Context, std streams, s store, file *os.File, project clientele.Project) (imported, error) {
	name, err := (&side{Book: c.Book}).findName()
	if err != nil {
		return imported{}, err
	}
	bar := &importProgress{out: c.progressOut(std), file: file}
	delimiter, _ := c.delimiter() // it was validated
	o := importer.Options{
		Name: c.File, Book: name, Project: project.Name, ProjectID: project.ID, Delimiter: delimiter,
		Columns: c.Column, IgnoreUnknown: c.IgnoreUnknown, AllowWithoutID: c.AllowWithoutID, DryRun: c.DryRun, Restart: c.Restart,
		Refused: c.Refused, Lanes: c.Lanes, Progress: bar.show,
	}
	if c.Format != nil {
		o.Format = importer.Format(*c.Format)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(importGCPercent))
	start := time.Now()
	report, err := importer.Run(ctx, s, file, o)
	bar.end()
	if err != nil {
		return imported{}, c.advise(report, err)
	}
	// What its updates left behind would make lists of customers slower, and nothing worse.
	_, _ = (&work.CustomerPlaces{Store: s}).Sweep(ctx)
	return imported{Report: report, Project: project.Name, Took: time.Since(start), DryRun: c.DryRun}, nil
}

// importGCPercent lets garbage grow to five times of what is in use, a few MB: an import makes much of it, and to collect it
// as often as a server does took a quarter of its processor time.
const importGCPercent = 400

// advise says what an import has done that ended early, and how it is ended.
func (c *importCommand) advise(r importer.Report, err error) error {
	if kind := clientele.KindOf(err); kind == clientele.KindConflict || kind == clientele.KindInvalid {
		return err // which says it
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	next := "run the same command again, and it goes on where it was broken off"
	if !r.Unfinished {
		next = "import the same again; what is in the book already stays unchanged"
	}
	if !r.Unfinished && r.Refused > 0 {
		next += fmt.Sprintf("; those refused so far are in %s", r.RefusedFile)
	}
	if r.EarlierFile != "" {
		next += fmt.Sprintf("; other refused rows that were in %s are in %s now", r.RefusedFile, r.EarlierFile)
	}
	return fmt.Errorf("%w after %d rows: %s", err, r.Rows(), next)
}
