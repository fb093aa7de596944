package clientele

// NewCustomers calls yield with each customer to insert, with its addresses, in order of id.
func (b *Batch) NewCustomers(yield func(*Customer) bool) { b.eachCustomer(added, yield) }

// ChangedCustomers calls yield with each customer to update. Its addresses are as they were.
func (b *Batch) ChangedCustomers(yield func(*Customer) bool) { b.eachCustomer(changed, yield) }

// RekeyedCustomers returns the customers of ChangedCustomers whose ExternalID or ExternalNumber is another than before.
func (b *Batch) RekeyedCustomers() []*Customer {
	var list []*Customer
	for _, e := range b.touchedCustomers {
		if e.state == changed && e.rekeyed {
			list = append(list, &e.customer)
		}
	}
	return list
}

func (b *Batch) eachCustomer(s state, yield func(*Customer) bool) {
	for _, e := range b.touchedCustomers {
		if e.state == s && !yield(&e.customer) {
			return
		}
	}
}

func (b *Batch) decideCustomer(w *Write, ids IDs) Outcome {
	cw := w.Customer
	var e *customerEntry
	switch cw.Mode {
	case UpsertCustomer:
		if id := cw.Patch.ExternalID; id.Valid {
			e = b.externalIDs[ProjectKey{w.ProjectID, id.V}]
		}
		if e == nil {
			return b.createCustomer(w, ids)
		}
	case CreateCustomer:
		return b.createCustomer(w, ids)
	case UpdateCustomer:
		e = b.customers[ProjectID64{w.ProjectID, cw.ID}]
		if e == nil {
			return Outcome{Result: Missing}
		}
	}
	if v := cw.ExpectedVersion; v != 0 && v != e.customer.Version {
		existing := e.customer
		return Outcome{Result: VersionChanged, SubjectID: existing.ID, Existing: &existing}
	}
	if o, taken := b.keyTaken(w, e); taken {
		return o
	}
	return b.updateCustomer(w, e)
}

func (b *Batch) createCustomer(w *Write, ids IDs) Outcome {
	cw := w.Customer
	if o, taken := b.keyTaken(w, nil); taken {
		if o.Result == ExternalIDTaken && cw.IsRepeatOf != nil && cw.IsRepeatOf(o.Existing) {
			return Outcome{Result: Unchanged, SubjectID: o.SubjectID, UpdatedAt: o.Existing.UpdatedAt}
		}
		return o
	}
	var erased []MarkedErasure
	if b.erased != nil {
		erased = b.erased.find(w.ProjectID, Identifiers(&cw.Patch.Details, &cw.Patch.Normal)...)
		if b.holdBack(w, erased) {
			return Outcome{Err: errErased}
		}
	}
	e := &customerEntry{state: added, customer: Customer{
		ID: ids.NextCustomerID(), ProjectID: w.ProjectID, Source: w.Origin.Dialect, CredentialID: w.Origin.CredentialID,
		Version: 1, CreatedAt: w.At, UpdatedAt: w.At,
	}}
	c := &e.customer
	c.Apply(&cw.Patch)
	if len(cw.Addresses) > 0 {
		c.Addresses = make([]Address, len(cw.Addresses))
		for i, a := range cw.Addresses {
			a.ID, a.CreatedAt, a.UpdatedAt = ids.NextAddressID(), w.At, w.At
			c.Addresses[i] = a
		}
	}
	b.keepCustomer(e)
	b.touchedCustomers = append(b.touchedCustomers, e)
	b.record(w, Change{
		Subject: SubjectCustomer, SubjectID: c.ID, Action: ActionCreated, Values: c.creationValues(),
	})
	return Outcome{Result: Created, SubjectID: c.ID, ReturnOf: b.noticeReturn(w, erased, c.ID)}
}

func (b *Batch) updateCustomer(w *Write, e *customerEntry) Outcome {
	c := &e.customer
	before := *c
	fields := c.Apply(&w.Customer.Patch)
	if fields == 0 {
		return Outcome{Result: Unchanged, SubjectID: c.ID, UpdatedAt: c.UpdatedAt}
	}
	if fields&FieldsOf(FieldExternalID, FieldExternalNumber) != 0 {
		b.releaseKeys(e, before.ExternalID, before.ExternalNumber)
	}
	c.Version++
	c.UpdatedAt = later(c.UpdatedAt, w.At)
	if e.state == loaded {
		e.state = changed
		b.touchedCustomers = append(b.touchedCustomers, e)
	}
	b.keepCustomer(e)
	b.record(w, Change{
		Subject: SubjectCustomer, SubjectID: c.ID, Action: ActionUpdated, Values: c.updateValues(fields),
	})
	return Outcome{Result: Updated, SubjectID: c.ID}
}

// releaseKeys takes the old keys of a customer out of the batch, for others to take.
func (b *Batch) releaseKeys(e *customerEntry, oldID, oldNumber Text) {
	e.rekeyed = true
	if oldID.Valid {
		delete(b.externalIDs, ProjectKey{e.customer.ProjectID, oldID.V})
	}
	if oldNumber.Valid {
		delete(b.externalNumbers, ProjectKey{e.customer.ProjectID, oldNumber.V})
	}
}

// keyTaken reports whether a unique key that w states belongs to another customer than self. The id is reported before
// the number (rulings on the Onlinewerkrooster document).
func (b *Batch) keyTaken(w *Write, self *customerEntry) (Outcome, bool) {
	p := &w.Customer.Patch
	if t := p.ExternalID; t.Valid {
		if e := b.externalIDs[ProjectKey{w.ProjectID, t.V}]; e != nil && e != self {
			return taken(ExternalIDTaken, e), true
		}
	}
	if t := p.ExternalNumber; t.Valid {
		if e := b.externalNumbers[ProjectKey{w.ProjectID, t.V}]; e != nil && e != self {
			return taken(ExternalNumberTaken, e), true
		}
	}
	return Outcome{}, false
}

func taken(r Result, e *customerEntry) Outcome {
	existing := e.customer
	return Outcome{Result: r, SubjectID: existing.ID, Existing: &existing}
}

func (b *Batch) keepCustomer(e *customerEntry) {
	c := &e.customer
	b.customers[ProjectID64{c.ProjectID, c.ID}] = e
	if c.ExternalID.Valid {
		b.externalIDs[ProjectKey{c.ProjectID, c.ExternalID.V}] = e
	}
	if c.ExternalNumber.Valid {
		b.externalNumbers[ProjectKey{c.ProjectID, c.ExternalNumber.V}] = e
	}
}
