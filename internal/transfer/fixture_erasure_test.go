package transfer

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"clientele"
)

// erasureBook is what of a book erasures need.
type erasureBook interface {
	EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error
	ListErasures(ctx context.Context, q clientele.ErasureQuery) ([]clientele.Erasure, error)
}

// erasures erases customers of two projects, one of whom comes back.
func (f *fixture) erasures() {
	f.must(f.book.EnsureErasureKey(f.t.Context(), bytes.Repeat([]byte{0, 255}, 16), f.moment()))
	var create, erase []clientele.Write
	for i := range 3 {
		var p clientele.Patch
		p.Put(clientele.FieldEmail, clientele.Some(fmt.Sprint("Żółw", i, "@example.com")))
		create = append(create, clientele.Write{ProjectID: f.projects[i%2], Customer: &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p}})
	}
	for i, o := range f.commit(create...) {
		erase = append(erase, clientele.Write{ProjectID: create[i].ProjectID, Erase: &clientele.EraseWrite{
			CustomerID: o.SubjectID, AskedBy: clientele.AskedByCommand,
		}})
	}
	f.commit(erase...)
	create[0].At = f.moment()
	if o := f.commit(create[0])[0]; o.ReturnOf == 0 {
		f.t.Fatal("nobody came back")
	}
}

// erasureRecords keeps what a book tells of erasures.
func (f *fixture) erasureRecords(b book, keep func(what string, v any, err error)) {
	for _, project := range f.projects {
		list, err := b.ListErasures(f.t.Context(), clientele.ErasureQuery{ProjectID: project, Limit: clientele.MaxPage})
		keep(fmt.Sprint("erasures of ", project), list, err)
	}
}
