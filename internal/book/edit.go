package book

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"clientele"
)

// MaxFieldRunes is how many characters an operator can put into a field of a customer.
const MaxFieldRunes = 500

// Edit is what an operator changes of a customer.
type Edit struct {
	CustomerID int64
	// Version is the customer's when the operator saw it.
	Version int64
	// Set are the fields that the operator changed; a missing text clears.
	Set clientele.Fields
	clientele.Details
}

// Check returns an error that joins one of kind invalid, with its field, for each text that the book does not take.
func (e *Edit) Check() error {
	var faults []error
	for f := range e.Set.All {
		faults = append(faults, checkField(f, *e.Of(f)))
	}
	return errors.Join(faults...)
}

// Edited is what became of an Edit.
type Edited struct {
	// Result is Updated, Unchanged or Missing; VersionChanged, ExternalIDTaken or ExternalNumberTaken when nothing was written.
	Result clientele.Result
	// Existing is the customer as it is now, for VersionChanged; the one that has the key, for the last two.
	Existing *clientele.Customer
}

// EditCustomer gives a customer the values that an operator typed: by the same rules, with the same normal forms and the same
// change record as a partner's write. Somebody else's change since the operator saw the customer is never overwritten. The
// error is that of Check, or of kind unavailable when the book cannot be written.
func (b *Book) EditCustomer(ctx context.Context, call Call, e Edit) (Edited, error) {
	w := b.write(call)
	cw := &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: e.CustomerID, ExpectedVersion: e.Version}
	if err := e.Check(); err != nil {
		return Edited{}, err
	}
	for f := range e.Set.All {
		cw.Patch.Put(f, typed(f, *e.Of(f)))
	}
	normalise(&cw.Patch)
	w.Customer = cw
	o, err := b.commit.Commit(ctx, w)
	if err != nil {
		return Edited{}, fmt.Errorf("edit customer %d in project %d: %w", e.CustomerID, call.ProjectID, err)
	}
	return Edited{Result: o.Result, Existing: o.Existing}, nil
}

// typed returns a text as the book takes it from an operator: blanks around an external number do not make it another one
// (rulings on the Onlinewerkrooster document), nor do blanks alone make one.
func typed(f clientele.Field, t clientele.Text) clientele.Text {
	if f == clientele.FieldExternalNumber {
		return clientele.NonEmpty(strings.TrimSpace(t.V))
	}
	return t
}

// customerTypes are what Type may be: those of the DKHardware document, the only one that has it.
var customerTypes = []string{"business", "government", "military"}

// CustomerTypes returns what a customer's Type may be, when it is there.
func CustomerTypes() []string { return slices.Clone(customerTypes) }

func checkField(f clientele.Field, t clientele.Text) error {
	refuse := func(message string) error {
		return &clientele.Error{Kind: clientele.KindInvalid, Field: f.String(), Message: message}
	}
	switch {
	case !t.Valid:
		return nil
	case !utf8.ValidString(t.V) || strings.IndexByte(t.V, 0) >= 0:
		return refuse("This text holds characters that cannot be stored.")
	case utf8.RuneCountInString(t.V) > MaxFieldRunes:
		return refuse(fmt.Sprintf("At most %d characters.", MaxFieldRunes))
	case f == clientele.FieldType && !slices.Contains(customerTypes, t.V):
		return refuse("One of business, government, military, or nothing.")
	}
	return nil
}
