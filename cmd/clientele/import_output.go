package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"clientele/internal/importer"

	"github.com/schollz/progressbar/v3"
)

// imported is an import that has come to its end.
type imported struct {
	importer.Report
	Project string
	Took    time.Duration
	DryRun  bool
}

// print says what became of the rows.
func (i *imported) print(c *importCommand, w io.Writer) error {
	if c.JSON {
		v := struct {
			Project string `json:"project"`
			Run     string `json:"run"`
			Rows    int64  `json:"rows"`
			importer.Counts
			RefusedFile  string   `json:"refusedFile,omitzero"`
			RefusedAside []string `json:"refusedAside,omitzero"`
			EarlierFile  string   `json:"refusedEarlier,omitzero"`
			DryRun       bool     `json:"dryRun"`
			Seconds      float64  `json:"seconds"`
		}{i.Project, i.Run, i.Rows(), i.Counts, i.RefusedFile, i.Aside.Files, i.EarlierFile, i.DryRun, i.Took.Seconds()}
		if i.Refused == i.Aside.Rows {
			v.RefusedFile = ""
		}
		return printJSON(w, v)
	}
	if i.DryRun {
		_, err := fmt.Fprintf(w, "Checked %d rows for %s: %d good, %d refused; nothing was written.\n", i.Rows(), i.Project, i.Checked, i.Refused)
		return err
	}
	again := ""
	if i.GoneOn {
		again = " (the interrupted import included)"
	}
	_, err := fmt.Fprintf(w, "Imported %d rows into %s in %s as %s%s: %d created, %d updated, %d unchanged, %d refused.\n", i.Rows(), i.Project,
		i.Took.Round(time.Millisecond), i.Run, again, i.Created, i.Updated, i.Unchanged, i.Refused)
	if err == nil && i.Returned > 0 {
		_, err = fmt.Fprintf(w, "Of those created %d had been erased: clientele customer erasures --project %s lists who came back as whom.\n",
			i.Returned, i.Project)
	}
	if err == nil && i.EarlierFile != "" {
		_, err = fmt.Fprintf(w, "Other refused rows were in %s: they are in %s now.\n", i.RefusedFile, i.EarlierFile)
	}
	return err
}

// refusal says where the refused rows are.
func (i *imported) refusal() error {
	aside := i.Aside
	where := "where their file was moved to while the import was interrupted"
	if len(aside.Files) > 0 {
		where = "in " + strings.Join(aside.Files, " and ") + ", since their file was changed while the import was interrupted"
	}
	refused := fmt.Sprintf("%d rows were refused", i.Refused)
	if i.Refused == 1 {
		refused = "1 row was refused"
	}
	switch {
	case aside.Rows == 0:
		return fmt.Errorf("%s: mend them in %s and import that", refused, i.RefusedFile)
	case aside.Rows == i.Refused:
		return fmt.Errorf("%s: they are %s", refused, where)
	}
	return fmt.Errorf("%s: mend them in %s and import that; the first %d are not there but %s", refused, i.RefusedFile, aside.Rows, where)
}

// importProgress shows how much of the file is done.
type importProgress struct {
	out  io.Writer // nil for nobody
	file *os.File
	bar  *progressbar.ProgressBar
}

// progressOut returns where progress is shown; nil for nowhere.
func (c *importCommand) progressOut(std streams) io.Writer {
	if c.JSON || !isTerminal(std.err) {
		return nil
	}
	return std.err
}

// show is called with the progress of the import.
func (p *importProgress) show(bytes int64, c importer.Counts) {
	if p.out == nil {
		return
	}
	if p.bar == nil {
		size := int64(-1) // not known
		if info, err := p.file.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		p.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(p.out), progressbar.OptionSetWidth(30),
			progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionOnCompletion(func() { fmt.Fprintln(p.out) }))
	}
	p.bar.Describe(fmt.Sprintf("Importing, %d rows, %d refused", c.Rows(), c.Refused))
	_ = p.bar.Set64(bytes) // what cannot be shown does not matter
}

// end leaves the bar as it stands.
func (p *importProgress) end() {
	if p.bar != nil && !p.bar.IsFinished() {
		_ = p.bar.Exit()
		fmt.Fprintln(p.out)
	}
}
