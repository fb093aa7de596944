//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// grid takes a table line by line, its heads first.
type grid interface{ line(cells ...string) }

// table aligns columns.
type table struct {
	to      io.Writer
	aligned *strings.Builder
	writer  *tabwriter.Writer
}

func newTable(to io.Writer) table {
	var aligned strings.Builder
	return table{to: to, aligned: &aligned, writer: tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)}
}

func (t table) line(cells ...string) { fmt.Fprintln(t.writer, strings.Join(cells, "\t")) }

// end writes the lines out, without the blanks that align empty cells at their ends.
func (t table) end() {
	_ = t.writer.Flush() // into a strings.Builder, which takes everything
	for line := range strings.Lines(t.aligned.String()) {
		fmt.Fprintln(t.to, strings.TrimRight(line, " \n"))
	}
}

// markdown writes a table of GitHub's Markdown.
type markdown struct {
	to    io.Writer
	lines int
}

func (m *markdown) line(cells ...string) {
	fmt.Fprintf(m.to, "| %s |\n", strings.Join(cells, " | "))
	if m.lines++; m.lines == 1 {
		fmt.Fprintf(m.to, "|%s\n", strings.Repeat("---|", len(cells)))
	}
}

// writeMarkdown writes what the table says for a document.
func (r report) writeMarkdown(to io.Writer) error {
	var header, text strings.Builder
	r.writeHeader(&header)
	for line := range strings.Lines(strings.TrimSpace(header.String())) {
		fmt.Fprintf(&text, "- %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintln(&text)
	r.writeRates(&markdown{to: &text})
	fmt.Fprintln(&text)
	met, all := r.writeTargets(&markdown{to: &text})
	fmt.Fprintf(&text, "\n%d of %d targets met.\n", met, all)
	_, err := io.WriteString(to, text.String())
	return err
}
