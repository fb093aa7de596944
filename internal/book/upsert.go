package book

import (
	"context"
	"fmt"

	"clientele"
)

// Upsert creates the customer with the details' ExternalID, or gives the one that is there the details that are not
// empty: a blank never wipes data. It returns Created, Updated or Unchanged.
//
// The details hold an ExternalID that is not empty; checking the caller's form is the dialect's part. The error is of kind
// unavailable when the book cannot be written now, conflict when the call's name was used for another body or a unique key
// belongs to another customer.
func (b *Book) Upsert(ctx context.Context, call Call, d clientele.Details) (clientele.Result, error) {
	w := b.write(call)
	w.Customer = UpsertOf(&d)
	o, err := b.commit.Commit(ctx, w)
	if err != nil {
		return 0, fmt.Errorf("upsert customer in project %d: %w", call.ProjectID, err)
	}
	if o.Result == clientele.ExternalNumberTaken {
		return o.Result, &clientele.Error{
			Kind: clientele.KindConflict, Field: clientele.FieldExternalNumber.String(), Message: "belongs to another customer",
		}
	}
	return o.Result, nil
}

// UpsertOf returns what Upsert commits, for whoever commits many writes at once. Details without ExternalID create a customer
// each time.
func UpsertOf(d *clientele.Details) *clientele.CustomerWrite {
	return &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: nonEmpty(d)}
}

// nonEmpty returns the patch that states each detail that is not empty.
func nonEmpty(d *clientele.Details) clientele.Patch {
	var p clientele.Patch
	for f := range clientele.AllFields.All {
		if t := *d.Of(f); !t.IsEmpty() {
			p.Put(f, t)
		}
	}
	normalise(&p)
	return p
}
