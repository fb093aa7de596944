package clientele

import "time"

// IDs gives out ids for new records, each once per store.
type IDs interface {
	NextCustomerID() int64
	NextAddressID() int64
	NextLeadID() int64
}

// ProjectKey is a text key inside one project.
type ProjectKey struct {
	ProjectID int64
	Key       string
}

// ProjectID64 is a numeric key inside one project.
type ProjectID64 struct {
	ProjectID int64
	ID        int64
}

// Batch decides what a group of writes does to the book. A store uses it inside one transaction:
//
//	b := NewBatch(writes)
//	for each key of b.Keys(): b.Load…(what the store has, locked until the transaction ends)
//	outcomes := b.Decide(ids)
//	keep b.NewCustomers, b.ChangedCustomers, b.NewLeads, …, b.Changes
//
// The writes take effect in their order, so the result is the one of some sequential order by construction, and the
// same key twice in a batch needs nothing special. A Batch never does I/O and holds the rules in one place for all stores.
type Batch struct {
	writes   []Write
	outcomes []Outcome

	customers        map[ProjectID64]*customerEntry
	externalIDs      map[ProjectKey]*customerEntry
	externalNumbers  map[ProjectKey]*customerEntry
	leads            map[ProjectKey]*leadEntry
	remembered       map[idempotencyKey]*IdempotencyRecord
	leases           map[string]string
	idle             map[int64]bool // projects none of whose submissions wait
	touchedCustomers []*customerEntry
	touchedLeads     []*leadEntry
	erased           *erasures
	repeats          bool

	// Changes are the change records of the batch, in order, to be appended.
	Changes []Change
	// NewSubmissions are to be inserted, in order of acceptance.
	NewSubmissions []*Submission
	// FinishedSubmissions are those that the batch carried out, to be marked as finished.
	FinishedSubmissions []FinishedSubmission
	// NewRemembered are the calls to remember.
	NewRemembered []*IdempotencyRecord
	// Erasures is what happened about people who are erased, or were.
	Erasures ErasureEffects
}

// state says what a store has to do with a record after the batch is decided.
type state uint8

const (
	loaded state = iota
	changed
	added
	gone
)

type customerEntry struct {
	customer Customer
	state    state
	// rekeyed says that a unique key of a customer that was loaded changed.
	rekeyed bool
}

type leadEntry struct {
	lead  Lead
	state state
}

type idempotencyKey struct {
	projectID    int64
	credentialID int64
	key          string
}

// NewBatch prepares the decision over writes, which it keeps and does not change.
func NewBatch(writes []Write) *Batch {
	return &Batch{
		writes:          writes,
		customers:       make(map[ProjectID64]*customerEntry, len(writes)),
		externalIDs:     make(map[ProjectKey]*customerEntry, len(writes)),
		externalNumbers: map[ProjectKey]*customerEntry{},
		leads:           map[ProjectKey]*leadEntry{},
		remembered:      map[idempotencyKey]*IdempotencyRecord{},
		leases:          map[string]string{},
		idle:            map[int64]bool{},
	}
}

// Keys are the records that a batch may touch and a store has to look up, by project. A key may occur twice.
type Keys struct {
	CustomerIDs     []int64
	ExternalIDs     []string
	ExternalNumbers []string
	LeadUUIDs       []string
	Idempotency     []Idempotency
	Submissions     []string
	// AtOnce says that there are submissions to be carried out at once if none of the project's waits.
	AtOnce bool
	// Addresses says that the customers found are wanted with their addresses.
	Addresses bool
}

// Keys returns what to look up, by project.
func (b *Batch) Keys() map[int64]*Keys {
	byProject := make(map[int64]*Keys, 1)
	for i := range b.writes {
		w := &b.writes[i]
		keys := byProject[w.ProjectID]
		if keys == nil {
			keys = &Keys{}
			byProject[w.ProjectID] = keys
		}
		keys.add(w)
	}
	return byProject
}

func (k *Keys) add(w *Write) {
	if w.Idempotency != nil {
		k.Idempotency = append(k.Idempotency, *w.Idempotency)
	}
	if w.Completes != nil {
		k.Submissions = append(k.Submissions, w.Completes.SubmissionID)
	}
	k.AtOnce = k.AtOnce || w.Submission != nil && w.Customer != nil
	if c := w.Customer; c != nil {
		if c.Mode == UpdateCustomer {
			k.CustomerIDs = append(k.CustomerIDs, c.ID)
		}
		k.Addresses = k.Addresses || c.ExpectedVersion != 0
		if t := c.Patch.ExternalID; t.Valid {
			k.ExternalIDs = append(k.ExternalIDs, t.V)
			k.Addresses = k.Addresses || c.Mode != UpsertCustomer
		}
		if t := c.Patch.ExternalNumber; t.Valid {
			k.ExternalNumbers = append(k.ExternalNumbers, t.V)
			k.Addresses = true
		}
	}
	if w.Erase != nil {
		k.CustomerIDs, k.Addresses = append(k.CustomerIDs, w.Erase.CustomerID), true
	}
	if l := w.Lead; l != nil && l.Register == nil {
		k.LeadUUIDs = append(k.LeadUUIDs, l.UUID)
	}
}

// LoadCustomer hands in a customer the store found under one of the keys. Handing it in twice does no harm.
func (b *Batch) LoadCustomer(c Customer) {
	if b.customers[ProjectID64{c.ProjectID, c.ID}] == nil {
		b.keepCustomer(&customerEntry{customer: c})
	}
}

// LoadLead hands in a lead the store found.
func (b *Batch) LoadLead(l Lead) {
	b.leads[ProjectKey{l.ProjectID, l.UUID}] = &leadEntry{lead: l}
}

// LoadRemembered hands in a call the store remembers, however old.
func (b *Batch) LoadRemembered(r IdempotencyRecord) {
	b.remembered[idempotencyKey{r.ProjectID, r.CredentialID, r.Key}] = &r
}

// Decide carries out the writes in order, in memory, and returns the outcome of each. Call it once.
func (b *Batch) Decide(ids IDs) []Outcome {
	b.outcomes = make([]Outcome, len(b.writes))
	b.Changes = make([]Change, 0, len(b.writes))
	for i := range b.writes {
		w := &b.writes[i]
		switch {
		case w.Completes != nil:
			b.outcomes[i] = b.decideCompletion(w, ids)
		case w.Idempotency != nil:
			b.outcomes[i] = b.decideOnce(w, ids)
		default:
			b.outcomes[i] = b.decide(w, ids)
		}
	}
	return b.outcomes
}

// Repeats reports whether a write was answered as its call was answered before. That answer is only read: what it tells of is
// for a store to be sure of, as of anything that it answers for.
func (b *Batch) Repeats() bool { return b.repeats }

// decideOnce answers a call that was sent before as it was answered then.
func (b *Batch) decideOnce(w *Write, ids IDs) Outcome {
	key := idempotencyKey{w.ProjectID, w.Idempotency.CredentialID, w.Idempotency.Key}
	if r := b.remembered[key]; r != nil {
		switch again, err := w.Idempotency.IsRepeatOf(r, w.At); {
		case err != nil:
			return Outcome{Err: err}
		case again:
			b.repeats = true
			return Outcome{Result: r.Result, SubjectID: r.SubjectID, Reference: r.Reference}
		}
	}
	if b.repeatsErased(w) {
		return Outcome{Err: errErased}
	}
	o := b.decide(w, ids)
	if o.Err == nil && (o.wrote() || o.Result == Unchanged) {
		r := &IdempotencyRecord{
			Idempotency: *w.Idempotency, ProjectID: w.ProjectID, Result: o.Result, SubjectID: o.SubjectID,
			Reference: o.Reference, At: w.At,
		}
		b.remembered[key] = r
		b.NewRemembered = append(b.NewRemembered, r)
	}
	return o
}

func (b *Batch) decide(w *Write, ids IDs) Outcome {
	switch {
	case w.Submission != nil:
		return b.acceptSubmission(w, ids)
	case w.Customer != nil:
		return b.decideCustomer(w, ids)
	case w.Lead != nil && w.Lead.Register != nil:
		return b.registerLead(w, ids)
	case w.Lead != nil:
		return b.reportLead(w)
	case w.Erase != nil:
		return b.decideErase(w)
	default:
		return Outcome{Err: Errorf(KindInternal, "an empty write")}
	}
}

// record appends the change of one write.
func (b *Batch) record(w *Write, c Change) {
	c.ProjectID, c.Origin, c.At = w.ProjectID, w.Origin, w.At
	b.Changes = append(b.Changes, c)
}

// later returns the later of two times, so that a record's updated time never runs backwards.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
