// Package transfer moves a book from one store into another, table by table, in order of keys: what has arrived is always
// a beginning of the table, so a transfer that was broken off goes on where it stood.
package transfer

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"clientele"
)

// Source is a store that a book is read from.
type Source interface {
	// Columns returns the names of a table's columns, in alphabetical order.
	Columns(ctx context.Context, table string) ([]string, error)
	// DumpRows goes through the rows of a part behind a key (nil: from the first), in order of its key. The error is with
	// the last of them, whose row is nil.
	DumpRows(ctx context.Context, p *clientele.Part, after []any) iter.Seq2[clientele.Row, error]
	// CountRows returns how many rows a part has.
	CountRows(ctx context.Context, p *clientele.Part) (int64, error)
	ListProjects(ctx context.Context) ([]clientele.Project, error)
	// ListNumberings returns how far the numbers of each numbered table have been given out.
	ListNumberings(ctx context.Context) ([]clientele.Numbering, error)
}

// Target is a store that a book is written to.
type Target interface {
	Source
	// BeginTransfer marks the book as arriving from a source. Kind conflict when it is arriving from another one, and
	// when it is not arriving and one of the tables has a row.
	BeginTransfer(ctx context.Context, source string, tables []string) error
	// RestoreRows appends rows to a part, in one transaction.
	RestoreRows(ctx context.Context, p *clientele.Part, rows []clientele.Row) error
	// LastKey returns the key of a part's last row; nil when it has none.
	LastKey(ctx context.Context, p *clientele.Part) ([]any, error)
	// FinishTransfer makes the book go on giving out numbers above those that arrived and those that the source gave out, and
	// takes the mark away.
	FinishTransfer(ctx context.Context, given []clientele.Numbering) error
}

// Report is what arrived of one table; source and target hold the same.
type Report struct {
	Table string
	Rows  int64
	// Checksum is a SHA-256 over all rows in order, in hexadecimal, the same on every kind of store.
	Checksum string
}

// Phase is what a transfer is at.
type Phase uint8

// The phases. Comparing reads the rows of both sides, so it counts twice as many.
const (
	Copying Phase = iota
	Comparing
)

// Options tell a transfer how to go about it.
type Options struct {
	// Name names the source, so that a transfer that was broken off goes on from the same one only. It is shown and stored:
	// no password in it.
	Name string
	// Progress hears how many rows of how many in all a phase has dealt with; may be nil. It is called often.
	Progress func(phase Phase, done, total int64)

	// loadRows is how many rows one transaction of the target takes at most; maxLoadRows where it is 0. Tests take fewer.
	loadRows int
}

// Copy copies the whole book and then compares both sides, row by row. Nobody may write to the source meanwhile. Broken
// off, it goes on when it is called again. Errors of kind conflict: the target is not empty or arriving from another
// source, somebody else writes to it, or the sides differ.
func Copy(ctx context.Context, from Source, to Target, o Options) ([]Report, error) {
	parts, total, err := plan(ctx, from, to)
	if err != nil {
		return nil, err
	}
	if err := to.BeginTransfer(ctx, o.Name, tableNames()); err != nil {
		return nil, err
	}
	copied := newMeter(o.Progress, Copying, total)
	for i := range parts {
		c := &carrier{to: to, part: &parts[i], meter: copied, maxRows: cmp.Or(o.loadRows, maxLoadRows)}
		if err := c.copy(ctx, from); err != nil {
			return nil, fmt.Errorf("copy table %s: %w", parts[i].Table, err)
		}
	}
	reports, err := compare(ctx, from, to, parts, newMeter(o.Progress, Comparing, 2*total))
	if err != nil {
		return nil, err
	}
	given, err := from.ListNumberings(ctx)
	if err != nil {
		return nil, err
	}
	return reports, to.FinishTransfer(ctx, given)
}

// plan returns the parts of the source in the order of copying, and how many rows they have in all.
func plan(ctx context.Context, from, to Source) (parts []clientele.Part, total int64, err error) {
	projects, err := from.ListProjects(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, t := range Tables {
		if t.Columns, err = sameColumns(ctx, from, to, t.Table); err != nil {
			return nil, 0, err
		}
		if !t.Owned {
			parts = append(parts, t)
			continue
		}
		for _, p := range projects {
			t.Project = p.ID
			parts = append(parts, t)
		}
	}
	for i := range parts {
		n, err := from.CountRows(ctx, &parts[i])
		if err != nil {
			return nil, 0, err
		}
		total += n
	}
	return parts, total, nil
}

func sameColumns(ctx context.Context, from, to Source, table string) ([]string, error) {
	here, err := from.Columns(ctx, table)
	if err != nil {
		return nil, err
	}
	there, err := to.Columns(ctx, table)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(here, there) {
		return nil, fmt.Errorf("table %s has columns %s here and %s there", table, strings.Join(here, " "), strings.Join(there, " "))
	}
	return here, nil
}
