package clientele

import "slices"

// ErasureEffects are what a batch did about people who are erased, or were.
type ErasureEffects struct {
	// Erased are the customers to delete, before anything else is stored; then their history, their rows, their terms and
	// their visits are emptied, after everything else.
	Erased []*ErasedCustomer
	// Notices tell earlier erasures of what came later, one for each erasure.
	Notices []*ErasureNotice
	// EmptiedSubmissions are finished ones whose values go, since they were held back.
	EmptiedSubmissions []ProjectKey
}

// ErasedCustomer is a customer that a batch erases.
type ErasedCustomer struct {
	// Record is to be kept, unless its AskedBy is empty: then the customer was gone already and only Rows are to be emptied.
	Record Erasure
	// IPs are the customer's addresses on the network, now and before: visits from there forget theirs.
	IPs   []string
	Marks []Mark
	Rows  ErasedRows
}

// ErasureNotice is what an erasure is to be told of.
type ErasureNotice struct {
	ProjectID, CustomerID int64
	HeldBack              int64
	// Returned is the first new customer and when; its ReturnedAs is 0 for none.
	Returned Erasure
}

// errErased is how a write is refused that would bring somebody back who was erased after it was made.
var errErased = Errorf(KindConflict, "the customer was erased after this was sent")

// erasures are what a batch knows about people who were erased. A nil one knows of none.
type erasures struct {
	marker  *marker
	marked  map[projectMark][]MarkedErasure
	notices map[ProjectID64]*ErasureNotice
}

type projectMark struct {
	project int64
	mark    Mark
}

// Erases reports whether the batch erases somebody.
func (b *Batch) Erases() bool {
	for i := range b.writes {
		if b.writes[i].Erase != nil {
			return true
		}
	}
	return false
}

// AsksForErased reports whether a write of the batch can concern somebody who was erased: then UseErasureKey is due, if the
// book has a key, and LoadMarked for what it has of Marks.
func (b *Batch) AsksForErased() bool {
	for i := range b.writes {
		w := &b.writes[i]
		if w.Erase != nil || w.Idempotency != nil && w.Lead == nil || w.Customer != nil && (w.Customer.Mode != UpdateCustomer || w.Completes != nil) {
			return true
		}
	}
	return false
}

// UseErasureKey hands in the key of the book's marks. A book without any has had no erasure.
func (b *Batch) UseErasureKey(key []byte) {
	b.erased = &erasures{
		marker: newMarker(key), marked: map[projectMark][]MarkedErasure{}, notices: map[ProjectID64]*ErasureNotice{},
	}
}

// Marks returns what to look for among the marks of erased people, by project. Call it when the customers have been loaded,
// or before, when those that are there already shall be looked for, too.
func (b *Batch) Marks() map[int64][]Mark {
	marks := make(map[int64][]Mark, 1)
	erases := slices.ContainsFunc(b.writes, func(w Write) bool { return w.Erase != nil })
	for i := range b.writes {
		w := &b.writes[i]
		for _, id := range b.identifiers(w, erases) {
			marks[w.ProjectID] = append(marks[w.ProjectID], b.erased.marker.mark(w.ProjectID, id))
		}
	}
	return marks
}

// identifiers returns what a write might bring somebody back by. Where the batch erases, a customer who is there now may be
// gone before the write's turn.
func (b *Batch) identifiers(w *Write, erases bool) []Identifier {
	var list []Identifier
	if c := w.Customer; c != nil {
		switch {
		case c.Mode != UpdateCustomer &&
			(erases || c.Patch.ExternalID.V == "" || b.externalIDs[ProjectKey{w.ProjectID, c.Patch.ExternalID.V}] == nil):
			list = Identifiers(&c.Patch.Details, &c.Patch.Normal)
		case c.Mode == UpdateCustomer && w.Completes != nil:
			list = append(list, customerIdentifier(c.ID))
		}
	}
	if w.Idempotency != nil && w.Lead == nil {
		list = append(list, callIdentifier(w.Idempotency))
	}
	return list
}

// LoadMarked hands in an erasure that the store found under one of the Marks.
func (b *Batch) LoadMarked(project int64, m Mark, e MarkedErasure) {
	key := projectMark{project, m}
	b.erased.marked[key] = append(b.erased.marked[key], e)
}

// find returns the erasures that belong to one of the identifiers, each once.
func (e *erasures) find(project int64, ids ...Identifier) []MarkedErasure {
	if e == nil || len(e.marked) == 0 {
		return nil
	}
	var found []MarkedErasure
	for _, id := range ids {
		for _, m := range e.marked[projectMark{project, e.marker.mark(project, id)}] {
			if !slices.Contains(found, m) {
				found = append(found, m)
			}
		}
	}
	return found
}

// notice returns where to take down what an erasure is to be told of.
func (b *Batch) notice(project, customer int64) *ErasureNotice {
	key := ProjectID64{project, customer}
	n := b.erased.notices[key]
	if n == nil {
		n = &ErasureNotice{ProjectID: project, CustomerID: customer}
		b.erased.notices[key] = n
		b.Erasures.Notices = append(b.Erasures.Notices, n)
	}
	return n
}

// holdBack reports whether one of the erasures is younger than what the write states, and counts it then.
func (b *Batch) holdBack(w *Write, found []MarkedErasure) bool {
	held := false
	for _, m := range found {
		if !w.asOf().After(m.At) {
			b.notice(w.ProjectID, m.CustomerID).HeldBack++
			held = true
		}
	}
	return held
}

// repeatsErased reports whether a call that nobody remembers was remembered for somebody who was erased since.
func (b *Batch) repeatsErased(w *Write) bool {
	if b.erased == nil || w.Lead != nil {
		return false
	}
	for _, m := range b.erased.find(w.ProjectID, callIdentifier(w.Idempotency)) {
		if w.At.Sub(m.At) < MaxIdempotencyAge {
			b.notice(w.ProjectID, m.CustomerID).HeldBack++
			return true
		}
	}
	return false
}

// noticeReturn takes down that somebody who was erased is there again.
func (b *Batch) noticeReturn(w *Write, found []MarkedErasure, newID int64) (of int64) {
	for _, m := range found {
		n := b.notice(w.ProjectID, m.CustomerID)
		if n.Returned.ReturnedAs == 0 {
			n.Returned.ReturnedAs, n.Returned.ReturnedAt = newID, w.At
		}
	}
	if len(found) == 0 {
		return 0
	}
	return found[0].CustomerID
}

// isOfErased reports whether a submission that found no customer is about one that was erased.
func (b *Batch) isOfErased(w *Write) bool {
	return w.Customer != nil && w.Customer.Mode == UpdateCustomer &&
		b.holdBack(w, b.erased.find(w.ProjectID, customerIdentifier(w.Customer.ID)))
}

func (b *Batch) decideErase(w *Write) Outcome {
	erased := &ErasedCustomer{Rows: w.Erase.Rows, Record: Erasure{ProjectID: w.ProjectID, CustomerID: w.Erase.CustomerID, At: w.At}}
	e := b.customers[ProjectID64{w.ProjectID, w.Erase.CustomerID}]
	switch {
	case b.erased == nil:
		return Outcome{Err: Errorf(KindInternal, "an erasure without a key for its marks")}
	case e == nil && w.Erase.Rows.IsEmpty():
		return Outcome{Result: Missing}
	case e == nil:
		b.Erasures.Erased = append(b.Erasures.Erased, erased)
		return Outcome{Result: Missing}
	}
	c := &e.customer
	if since := w.Erase.UnchangedSince; !since.IsZero() && c.UpdatedAt.After(since) {
		return Outcome{Result: Unchanged, SubjectID: c.ID}
	}
	erased.Record = erasureOf(w, c)
	erased.IPs, erased.Marks = ipsOf(w, c), b.marksOf(w, c)
	for _, m := range erased.Marks {
		b.LoadMarked(w.ProjectID, m, MarkedErasure{c.ID, w.At})
	}
	b.forget(e)
	for i := range w.Erase.Rows.Calls {
		call := &w.Erase.Rows.Calls[i]
		delete(b.remembered, idempotencyKey{w.ProjectID, call.CredentialID, call.Key})
	}
	b.Erasures.Erased = append(b.Erasures.Erased, erased)
	b.record(w, Change{Subject: SubjectCustomer, SubjectID: c.ID, Action: ActionErased, Values: []byte("{}")})
	return Outcome{Result: Erased, SubjectID: c.ID}
}

// erasureOf returns the record of an erasure.
func erasureOf(w *Write, c *Customer) Erasure {
	rows := &w.Erase.Rows
	return Erasure{
		ProjectID: c.ProjectID, CustomerID: c.ID, At: w.At, AskedBy: w.Erase.AskedBy,
		Addresses: int64(len(c.Addresses)), Changes: c.Version, Submissions: int64(len(rows.Submissions)),
		Calls: int64(len(rows.Calls)), Answers: int64(len(rows.Deliveries)), Refusals: int64(len(rows.Refusals)),
	}
}

// ipsOf returns the addresses on the network that an erased customer has and had, each once.
func ipsOf(w *Write, c *Customer) []string {
	ips := slices.Clone(w.Erase.IPs)
	if ip := VisitorIP(c.IP.V); ip != "" {
		ips = append(ips, ip)
	}
	slices.Sort(ips)
	return slices.Compact(ips)
}

// marksOf returns the marks that an erased customer leaves, each once.
func (b *Batch) marksOf(w *Write, c *Customer) []Mark {
	ids := append(Identifiers(&c.Details, &c.Normal), customerIdentifier(c.ID))
	ids = append(ids, w.Erase.Known...)
	for i := range w.Erase.Rows.Calls {
		ids = append(ids, callIdentifier(&w.Erase.Rows.Calls[i]))
	}
	marks := make([]Mark, 0, len(ids))
	for _, id := range ids {
		if m := b.erased.marker.mark(c.ProjectID, id); !slices.Contains(marks, m) {
			marks = append(marks, m)
		}
	}
	return marks
}

// forget takes a customer out of the batch: whatever comes behind finds nobody, and may take its keys.
func (b *Batch) forget(e *customerEntry) {
	c := &e.customer
	e.state = gone
	b.releaseKeys(e, c.ExternalID, c.ExternalNumber)
	delete(b.customers, ProjectID64{c.ProjectID, c.ID})
}
