package dkhardware

import (
	"context"
	"errors"
	"io"
	"net/http"

	"clientele"
	"clientele/internal/dialect"
)

// maxPieceBytes is how large the pieces are in which a page is written, but for the customer at the end of each.
const maxPieceBytes = 256 << 10

// list answers GET /v1/customer.
func (a *API) list(r *dialect.Request) (dialect.Answer, error) {
	var f faults
	p := parseParameters(r.URL.RawQuery)
	q := p.query(r.Call.ProjectID, &f)
	if err := f.err(); err != nil {
		return dialect.Answer{}, err
	}
	limit := q.Limit
	q.Limit++ // one more tells whether there is a next page
	positions, err := a.shelf.ListPositions(r.Context(), q)
	if err != nil {
		return dialect.Answer{}, err
	}
	answer := dialect.Answer{}
	if len(positions) > limit {
		positions = positions[:limit]
		answer.Header = http.Header{"Link": {p.nextLink(&q, positions[limit-1])}}
	}
	if r.Method == http.MethodHead {
		answer.Stream = func(io.Writer) error { return nil }
		return answer, nil
	}
	page := &page{api: a, query: &q, loader: clientele.CustomerLoader{Shelf: a.shelf}, left: positions}
	for _, position := range positions {
		page.ids = append(page.ids, position.ID)
	}
	if err := page.load(r.Context()); err != nil { // while an error can still be answered
		return dialect.Answer{}, err
	}
	answer.Stream = func(w io.Writer) error { return page.write(r.Context(), w) }
	return answer, nil
}

// page is a page of the list on its way out.
type page struct {
	api    *API
	query  *clientele.CustomerQuery
	loader clientele.CustomerLoader
	left   []clientele.Position // not loaded yet
	ids    []int64              // of left
	loaded []clientele.Customer
}

// load loads the next part. A customer shows the date that put it in its place: one that changes while the page is on its
// way has its new place in a later page, and a partner that goes on from the last date it read misses nothing.
func (p *page) load(ctx context.Context) error {
	var n int
	var err error
	if p.loaded, n, err = p.loader.Load(ctx, p.query.ProjectID, p.ids); err != nil {
		return err
	}
	if !p.query.ByCreated {
		p.date(p.left[:n])
	}
	p.left, p.ids = p.left[n:], p.ids[n:]
	return nil
}

// date gives the loaded customers the dates of their positions. Both are in the same order; a customer may be gone.
func (p *page) date(positions []clientele.Position) {
	i := 0
	for j := range p.loaded {
		for positions[i].ID != p.loaded[j].ID {
			i++
		}
		p.loaded[j].UpdatedAt = positions[i].At
	}
}

// maxKeptBuffer is how large a buffer may be, in bytes, to be used again: a piece that ends with a customer of few addresses.
const maxKeptBuffer = 512 << 10

// buffer returns a buffer for pieces, of an earlier page if there is one.
func (a *API) buffer() *[]byte {
	if b, ok := a.buffers.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 64<<10)
	return &b
}

// write writes the page, piece by piece. An error cuts the answer off.
func (p *page) write(ctx context.Context, w io.Writer) error {
	buffer := p.api.buffer()
	b := append((*buffer)[:0], `{"payload":[`...)
	defer func() {
		if cap(b) <= maxKeptBuffer {
			*buffer = b
			p.api.buffers.Put(buffer)
		}
	}()
	for separate := false; len(p.loaded) > 0 || len(p.left) > 0; {
		for i := range p.loaded {
			if separate {
				b = append(b, ',')
			}
			separate = true
			b = appendCustomer(b, &p.loaded[i])
			if len(b) < maxPieceBytes && i < len(p.loaded)-1 {
				continue
			}
			if _, err := w.Write(b); err != nil {
				return hungUp(err)
			}
			b = b[:0]
		}
		if err := p.load(ctx); err != nil {
			if ctx.Err() != nil {
				return hungUp(err)
			}
			return err
		}
	}
	if _, err := w.Write(append(b, ']', '}')); err != nil {
		return hungUp(err)
	}
	return nil
}

// hungUp says that the caller is gone, which is no failure of ours.
func hungUp(err error) error { return errors.Join(context.Canceled, err) }
