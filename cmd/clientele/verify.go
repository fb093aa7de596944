package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/verify"

	"github.com/schollz/progressbar/v3"
)

type verifyCommand struct {
	config.Book
	Patience time.Duration `help:"How long a submission may wait before it counts as stuck (default ${default})." default:"1h" placeholder:"TIME"`
	JSON     bool          `help:"Print one JSON object, with at most 1000 of what is broken."`
}

// Validate is called by the parser.
func (c *verifyCommand) Validate() error {
	if c.Patience <= 0 {
		return errors.New("--patience must be above 0")
	}
	return nil
}

// maxFindings is how much of what is broken is printed. All of it is counted.
const maxFindings = 1000

// errBrokenBook ends a command that found something broken with status 1.
var errBrokenBook = errors.New("the book is broken: stop its servers, keep a copy of it as it is, and restore a backup or mend it")

// Run verifies the book.
func (c *verifyCommand) Run(ctx context.Context, std streams) error {
	return withBookAsItIs(ctx, c.Book, func(s store) error {
		var findings []verify.Finding
		byInvariant := map[verify.Invariant]int64{}
		bar := &verifyBar{out: std.err}
		o := verify.Options{Now: time.Now(), Patience: c.Patience, Found: func(f verify.Finding) {
			if byInvariant[f.Invariant]++; len(findings) < maxFindings {
				findings = append(findings, f)
			}
		}}
		if !c.JSON && isTerminal(std.err) {
			o.Progress = bar.show
		}
		report, err := verify.Run(ctx, s.(verify.Book), o)
		bar.end()
		if printErr := c.print(std.out, report, findings, byInvariant); err == nil {
			err = printErr
		}
		if err == nil && report.Findings > 0 {
			err = errBrokenBook
		}
		return err
	})
}

// print shows what was looked at and what is broken, as far as it came.
func (c *verifyCommand) print(
	w io.Writer, report verify.Report, findings []verify.Finding, byInvariant map[verify.Invariant]int64,
) error {
	if c.JSON {
		return printJSON(w, struct {
			verify.Report
			Broken      map[verify.Invariant]int64 `json:"broken"`
			Invariants  []verify.Invariant         `json:"invariants"`
			Particulars []verify.Finding           `json:"particulars"`
		}{report, byInvariant, verify.Invariants(), findings})
	}
	for _, f := range findings {
		where := ""
		if f.Project != 0 {
			where = fmt.Sprintf("project %d: ", f.Project)
		}
		name := f.Subject
		if f.ID != "" {
			name += " " + f.ID
		}
		if name != "" {
			name += " "
		}
		fmt.Fprintf(w, "%s: %s%s%s\n", f.Invariant, where, name, f.Message)
	}
	if more := report.Findings - int64(len(findings)); more > 0 {
		fmt.Fprintf(w, "… and %d more\n", more)
	}
	_, err := fmt.Fprintf(w, "Looked at %d projects, %d customers, %d leads, %d changes, %d submissions: %d broken.\n",
		report.Projects, report.Customers, report.Leads, report.Changes, report.Submissions, report.Findings)
	return err
}

// withBookAsItIs opens a book that must be there and have the schema that this program knows: it is not changed, also not
// brought up to date. A server may have it open.
func withBookAsItIs(ctx context.Context, c config.Book, do func(store) error) (err error) {
	s, err := openExisting(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	current, newest, err := s.Versions(ctx)
	switch {
	case err != nil:
		return err
	case current != newest:
		return clientele.Errorf(clientele.KindConflict,
			"the book has schema version %d and this program knows %d: verify it with the program that serves it, or run clientele migrate up first",
			current, newest)
	}
	if err := refuseArriving(ctx, s); err != nil {
		return err
	}
	return do(s)
}

// verifyBar shows how far a verification is.
type verifyBar struct {
	out io.Writer
	bar *progressbar.ProgressBar
}

func (b *verifyBar) show(done, total int64) {
	if total == 0 {
		return
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription("Verifying"), progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("records"),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(b.out) }))
	}
	_ = b.bar.Set64(min(done, total))
}

// end leaves the bar as it stands.
func (b *verifyBar) end() {
	if b.bar != nil && !b.bar.IsFinished() {
		_ = b.bar.Exit()
		fmt.Fprintln(b.out)
	}
}
