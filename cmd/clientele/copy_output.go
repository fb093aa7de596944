package main

import (
	"fmt"
	"io"
	"time"

	"clientele/internal/transfer"

	"github.com/schollz/progressbar/v3"
)

// copiedTable is a table as the copy command prints it.
type copiedTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	// Checksum is a SHA-256 over all rows, the same at both ends.
	Checksum string `json:"checksum"`
}

// print shows what arrived.
func (c *copyCommand) print(w io.Writer, from, to string, reports []transfer.Report) error {
	tables := make([]copiedTable, len(reports))
	rows := make([]string, len(reports))
	var total int64
	for i, r := range reports {
		tables[i] = copiedTable(r)
		rows[i] = fmt.Sprintf("%s\t%d\t%s", r.Table, r.Rows, r.Checksum)
		total += r.Rows
	}
	if c.JSON {
		return printJSON(w, struct {
			From   string        `json:"from"`
			To     string        `json:"to"`
			Rows   int64         `json:"rows"`
			Tables []copiedTable `json:"tables"`
		}{from, to, total, tables})
	}
	if err := printTable(w, "TABLE\tROWS\tSHA-256", rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "Copied %d rows from %s to %s, and compared both.\n", total, from, to)
	return err
}

// progress shows how far a copy is, as a bar for each phase.
type progress struct {
	out   io.Writer // nil for nobody
	phase transfer.Phase
	bar   *progressbar.ProgressBar
}

// show is called with the progress of a phase.
func (p *progress) show(phase transfer.Phase, done, total int64) {
	if p.out == nil || total == 0 {
		return
	}
	if p.bar == nil || phase != p.phase {
		p.end()
		p.phase, p.bar = phase, newBar(p.out, phase, total)
	}
	_ = p.bar.Set64(min(done, total)) // a row that came meanwhile makes it no more than full
}

func newBar(out io.Writer, phase transfer.Phase, total int64) *progressbar.ProgressBar {
	title := "Copying  "
	if phase == transfer.Comparing {
		title = "Comparing"
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(title), progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(out) }))
}

// end leaves the bar as it stands.
func (p *progress) end() {
	if p.bar != nil && !p.bar.IsFinished() {
		_ = p.bar.Exit()
		fmt.Fprintln(p.out)
	}
	p.bar = nil
}
