package storetest

import (
	"time"

	"clientele"
)

// model is a second, plain opinion about what writes do to a book: lists that are searched from end to end. It shares
// no code with clientele.Batch.
type model struct {
	customers []*modelCustomer
	calls     []*modelCall
	erased    []modelErasure
}

// modelErasure is somebody who was erased, by what they were known by.
type modelErasure struct {
	project int64
	at      time.Time
	texts   map[clientele.Field]clientele.Text
}

// erase forgets a customer.
func (m *model) erase(w *clientele.Write) modelOutcome {
	for i, c := range m.customers {
		if c.project == w.ProjectID && c.id == w.Erase.CustomerID {
			m.erased = append(m.erased, modelErasure{c.project, w.At, c.texts})
			m.customers = append(m.customers[:i:i], m.customers[i+1:]...)
			return modelOutcome{result: clientele.Erased, subject: c}
		}
	}
	return modelOutcome{result: clientele.Missing}
}

// heldBack reports whether a new customer would be somebody who was erased after the write was made.
func (m *model) heldBack(w *clientele.Write) bool {
	for _, e := range m.erased {
		for _, field := range []clientele.Field{fieldID, fieldNumber, clientele.FieldEmail} {
			was, is := e.texts[field], *w.Customer.Patch.Of(field)
			if e.project == w.ProjectID && is.V != "" && was == is && !w.At.After(e.at) {
				return true
			}
		}
	}
	return false
}

type modelCustomer struct {
	id        int64 // as the store gave it; 0 until it told
	project   int64
	texts     map[clientele.Field]clientele.Text // the missing are absent
	version   int64
	addresses int
	created   time.Time
	updated   time.Time
}

type modelCall struct {
	project    int64
	credential int64
	key        string
	hash       clientele.SecretHash
	at         time.Time
	answer     modelOutcome
}

// modelOutcome is what the model expects of a write. inTheWay is a copy of the customer as it was at that moment.
type modelOutcome struct {
	result   clientele.Result
	subject  *modelCustomer
	inTheWay *modelCustomer
	conflict bool
}

// write carries out one write of a customer.
func (m *model) write(w *clientele.Write) modelOutcome {
	if w.Erase != nil {
		return m.erase(w)
	}
	if w.Idempotency == nil {
		return m.writeCustomer(w)
	}
	remembered := m.remembered(w)
	if remembered != nil && w.At.Sub(remembered.at) < clientele.MaxIdempotencyAge {
		if remembered.hash != w.Idempotency.BodyHash {
			return modelOutcome{conflict: true}
		}
		return remembered.answer
	}
	o := m.writeCustomer(w)
	switch o.result {
	case clientele.Created, clientele.Updated, clientele.Unchanged:
		if remembered == nil {
			remembered = &modelCall{}
			m.calls = append(m.calls, remembered)
		}
		*remembered = modelCall{
			project: w.ProjectID, credential: w.Idempotency.CredentialID, key: w.Idempotency.Key,
			hash: w.Idempotency.BodyHash, at: w.At, answer: o,
		}
	}
	return o
}

// remembered returns the call of the write's name, however old; nil when there is none.
func (m *model) remembered(w *clientele.Write) *modelCall {
	for _, call := range m.calls {
		if call.project == w.ProjectID && call.credential == w.Idempotency.CredentialID && call.key == w.Idempotency.Key {
			return call
		}
	}
	return nil
}

func (m *model) writeCustomer(w *clientele.Write) modelOutcome {
	cw := w.Customer
	var target *modelCustomer
	if externalID := cw.Patch.ExternalID; cw.Mode == clientele.UpsertCustomer && externalID.Valid {
		target = m.find(w.ProjectID, fieldID, externalID.V)
	}
	if cw.Mode == clientele.UpdateCustomer {
		for _, c := range m.customers {
			if c.project == w.ProjectID && c.id == cw.ID {
				target = c
			}
		}
		if target == nil {
			return modelOutcome{result: clientele.Missing}
		}
	}
	for _, key := range []struct {
		field clientele.Field
		taken clientele.Result
	}{{fieldID, clientele.ExternalIDTaken}, {fieldNumber, clientele.ExternalNumberTaken}} {
		text := *cw.Patch.Of(key.field)
		if !text.Valid {
			continue
		}
		if other := m.find(w.ProjectID, key.field, text.V); other != nil && other != target {
			return modelOutcome{result: key.taken, subject: other, inTheWay: other.clone()}
		}
	}
	switch {
	case target != nil:
	case m.heldBack(w):
		return modelOutcome{conflict: true}
	default:
		return m.add(w)
	}
	return target.change(w)
}

func (m *model) find(project int64, field clientele.Field, text string) *modelCustomer {
	for _, c := range m.customers {
		if t, valid := c.texts[field]; valid && c.project == project && t.V == text {
			return c
		}
	}
	return nil
}

func (m *model) add(w *clientele.Write) modelOutcome {
	c := &modelCustomer{
		project: w.ProjectID, texts: map[clientele.Field]clientele.Text{}, created: w.At, updated: w.At,
		addresses: len(w.Customer.Addresses),
	}
	c.change(w)
	c.version = 1
	m.customers = append(m.customers, c)
	return modelOutcome{result: clientele.Created, subject: c}
}

func (c *modelCustomer) change(w *clientele.Write) modelOutcome {
	before := c.clone()
	for field := range clientele.AllFields.All {
		if !w.Customer.Patch.Set.Has(field) {
			continue
		}
		if text := *w.Customer.Patch.Of(field); text.Valid {
			c.texts[field] = text
		} else {
			delete(c.texts, field)
		}
	}
	if c.details() == before.details() {
		return modelOutcome{result: clientele.Unchanged, subject: c}
	}
	c.version++
	if w.At.After(c.updated) {
		c.updated = w.At
	}
	return modelOutcome{result: clientele.Updated, subject: c}
}

func (c *modelCustomer) clone() *modelCustomer {
	copied := *c
	copied.texts = map[clientele.Field]clientele.Text{}
	for f, t := range c.texts {
		copied.texts[f] = t
	}
	return &copied
}

func (c *modelCustomer) details() clientele.Details {
	var d clientele.Details
	for f, t := range c.texts {
		*d.Of(f) = t
	}
	return d
}

// forget forgets the calls before the given time and returns how many there were.
func (m *model) forget(before time.Time) int64 {
	var kept []*modelCall
	for _, call := range m.calls {
		if !call.at.Before(before) {
			kept = append(kept, call)
		}
	}
	forgotten := len(m.calls) - len(kept)
	m.calls = kept
	return int64(forgotten)
}
