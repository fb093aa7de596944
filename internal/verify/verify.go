// Package verify checks that a book is what it says it is: that the histories lead to the records, that keys name one record,
// that nothing refers to what is not there. It only reads, block by block, each as it is at one moment: so a server may go on
// writing meanwhile.
package verify

import (
	"context"
	"time"

	"clientele"
)

// Book is a store as it is verified.
type Book interface {
	// Columns returns the names of a table's columns, in alphabetical order.
	Columns(ctx context.Context, table string) ([]string, error)
	// Look hands a snapshot of the book to look.
	Look(ctx context.Context, look func(clientele.Snapshot) error) error
	// CheckFile returns what the store itself finds wrong, one sentence each, without values of the book.
	CheckFile(ctx context.Context) ([]string, error)
	ListNumberings(ctx context.Context) ([]clientele.Numbering, error)
	ListDanglers(ctx context.Context, r clientele.Reference, project int64, limit int) ([]clientele.Dangler, error)
	ListDuplicates(ctx context.Context, k clientele.UniqueKey, project int64, limit int) ([]clientele.Duplicate, error)
	ListLooseHistories(ctx context.Context, project int64, limit int) ([]clientele.LooseHistory, error)
	ListProjects(ctx context.Context) ([]clientele.Project, error)
	CountRows(ctx context.Context, p *clientele.Part) (int64, error)
}

// Invariant names a rule that a book keeps.
type Invariant string

// The invariants.
const (
	// FileIntact: the store finds nothing wrong with its file, its indexes and its foreign keys.
	FileIntact Invariant = "file"
	// HistoryReplays: the changes of a customer or a lead, applied in their order, give it as it stands.
	HistoryReplays Invariant = "history"
	// AddressOwned: each address belongs to a customer, and is as the history says.
	AddressOwned Invariant = "address"
	// TermsMatch: a customer is found by what its names, e-mail address and phone numbers say, and by nothing else.
	TermsMatch Invariant = "term"
	// ListWhole: a customer stands in the list by last update where it belongs.
	ListWhole Invariant = "list"
	// KeyUnique: a key names one record.
	KeyUnique Invariant = "key"
	// ReferenceHeld: what a record refers to is there.
	ReferenceHeld Invariant = "reference"
	// NumbersAhead: the next number given out is above all that are there.
	NumbersAhead Invariant = "number"
	// CountsRight: the counts of leads are those of the history up to where it is counted.
	CountsRight Invariant = "count"
	// SubmissionMoves: a submission can be read, its status fits what became of it, and none waits for long.
	SubmissionMoves Invariant = "submission"
)

// Invariants are all of them, in the order in which they are shown.
func Invariants() []Invariant {
	return []Invariant{
		FileIntact, HistoryReplays, AddressOwned, TermsMatch, ListWhole, KeyUnique, ReferenceHeld, NumbersAhead, CountsRight, SubmissionMoves,
	}
}

// Finding is one thing that is broken. It holds ids and names of fields, and no values of a person.
type Finding struct {
	Invariant Invariant `json:"invariant"`
	// Project is 0 for what concerns the whole book.
	Project int64 `json:"project,omitzero"`
	// Subject is the table of what is broken, and ID names it there; both are empty for what concerns more than one row.
	Subject string `json:"subject,omitzero"`
	ID      string `json:"id,omitzero"`
	Message string `json:"message"`
}

// Options say how a book is verified.
type Options struct {
	// Now is the time of the check, and Patience how long a submission may wait; an hour where it is 0.
	Now      time.Time
	Patience time.Duration
	// Found hears of each thing that is broken; Progress how many records of how many are done. Progress may be nil.
	Found    func(Finding)
	Progress func(done, total int64)
}

// defaultPatience is long after the last claim of a server that died has ended.
const defaultPatience = time.Hour

// maxListed is how many findings of one key or one reference are told: more would say the same.
const maxListed = 100

// Report is what was looked at, and how much of it is broken.
type Report struct {
	Projects    int64 `json:"projects"`
	Customers   int64 `json:"customers"`
	Leads       int64 `json:"leads"`
	Changes     int64 `json:"changes"`
	Submissions int64 `json:"submissions"`
	Findings    int64 `json:"findings"`
}

// Run verifies the whole book. An error means that it could not be read to its end; what was found until then was told.
func Run(ctx context.Context, b Book, o Options) (Report, error) {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	v := &verifier{book: b, options: o, columns: map[string]columns{}}
	err := v.run(ctx)
	return v.report, err
}

type verifier struct {
	book    Book
	options Options
	report  Report
	columns map[string]columns

	project clientele.Project // the one that is looked at
	done    int64
	total   int64
}

func (v *verifier) run(ctx context.Context) error {
	sentences, err := v.book.CheckFile(ctx)
	for _, s := range sentences {
		v.found(Finding{Invariant: FileIntact, Message: s})
	}
	if err != nil {
		return err
	}
	for _, table := range []string{
		"customer", "address", "customer_term", "customer_term_place", "change", "lead", "lead_count", "lead_counting", "submission",
	} {
		names, err := v.book.Columns(ctx, table)
		if err != nil {
			return err
		}
		v.columns[table] = columnsOf(names)
	}
	if err := v.numbers(ctx); err != nil {
		return err
	}
	projects, err := v.book.ListProjects(ctx)
	if err != nil {
		return err
	}
	if err := v.count(ctx, projects); err != nil {
		return err
	}
	if err := v.links(ctx, clientele.Project{}); err != nil {
		return err
	}
	for _, p := range projects {
		if err := v.verifyProject(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) verifyProject(ctx context.Context, p clientele.Project) error {
	v.project = p
	v.report.Projects++
	for _, check := range []func(context.Context) error{
		func(ctx context.Context) error { return v.links(ctx, p) }, v.looseHistories, v.customers, v.leads, v.submissions,
	} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// count finds out how much there is to do.
func (v *verifier) count(ctx context.Context, projects []clientele.Project) error {
	if v.options.Progress == nil {
		return nil
	}
	for _, p := range projects {
		for _, table := range []string{"customer", "lead", "submission"} {
			n, err := v.book.CountRows(ctx, &clientele.Part{Table: table, Owned: true, Project: p.ID})
			if err != nil {
				return err
			}
			v.total += n
		}
	}
	return nil
}

// advance tells that so many records more are done.
func (v *verifier) advance(n int) {
	v.done += int64(n)
	if v.options.Progress != nil {
		v.options.Progress(v.done, v.total)
	}
}

func (v *verifier) found(f Finding) {
	v.report.Findings++
	v.options.Found(f)
}

// rowsOf returns the range of rows of a table of the project whose column lies between two numbers.
func (v *verifier) rowsOf(table, column string, from, to int64, key ...string) *clientele.RowRange {
	return &clientele.RowRange{
		Part: clientele.Part{
			Table: table, Owned: true, Project: v.project.ID, Key: key, Columns: v.columns[table].names,
		},
		By: column, From: from, To: to,
	}
}
