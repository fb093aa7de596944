// Package book holds the rules: what a request means for the book. It takes what a dialect translated, normalises it,
// builds a Write and says what became of it. It knows no wire format and no SQL.
package book

import (
	"context"
	"time"

	"clientele"
)

// Committer makes a write durable and returns its outcome. Package intake is one.
type Committer interface {
	Commit(ctx context.Context, w clientele.Write) (clientele.Outcome, error)
}

// Book is the one way to change customers and leads, for every dialect alike.
type Book struct {
	commit    Committer
	now       func() time.Time
	dates     steady
	submitted func()
	atOnce    bool
}

// New returns a book that commits through c and takes the time from now.
func New(c Committer, now func() time.Time) *Book {
	return &Book{commit: c, now: now, dates: steady{clock: now}, submitted: func() {}}
}

// OnSubmit has f called whenever a submission became durable, to wake whoever carries it out. Call it before the book is
// used; f must not block.
func (b *Book) OnSubmit(f func()) { b.submitted = f }

// CarryOutAtOnce makes submissions take effect in the transaction in which they are accepted, wherever none of their project
// waits: one commit in place of several. Call it before the book is used.
func (b *Book) CarryOutAtOnce() { b.atOnce = true }

// Call is what every request has: the project it is about, who sent it, and the name the caller gave it, if any.
type Call struct {
	ProjectID   int64
	Origin      clientele.Origin
	Idempotency *clientele.Idempotency
}

// write returns a Write of the call, at the present time in the precision of the book (microseconds, UTC).
func (b *Book) write(c Call) clientele.Write {
	return clientele.Write{
		ProjectID: c.ProjectID, Origin: c.Origin, Idempotency: c.Idempotency, At: b.dates.now().UTC(),
	}
}
