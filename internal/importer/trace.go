package importer

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"clientele"
)

// traces are what tells a book that has what an interrupted run did from one that has not: a new one in the same place, or an
// older state that was restored. There the rows that were passed over would be missing. No history loses a change, not even
// when its customer is erased.
type traces struct {
	// Wrote are, by lane, the customers that were created or updated last. A lane commits in order: a book that has its last change
	// has those before it.
	Wrote map[int]trace `json:"written,omitempty"`
	// Met are, of the customers that stayed as they were, those that had changed last: a book that has these changes has the older
	// ones that the run met. The newest is the first.
	Met []trace `json:"unchanged,omitempty"`
}

// trace is a change of a customer.
type trace struct {
	Customer int64 `json:"customer"`
	// At is the change's time; zero where it is not known, since the call may have been repeated.
	At time.Time `json:"at,omitzero"`
}

// keptTraces is how many that were met are kept: the last change by its time is not always the last to be committed.
const keptTraces = 8

// add takes in what became of the writes of a transaction of a lane.
func (t *traces) add(lane int, writes []clientele.Write, outcomes []clientele.Outcome) {
	var last trace
	for i := range outcomes {
		o := &outcomes[i]
		switch {
		case o.Err != nil:
		case o.Result == clientele.Created, o.Result == clientele.Updated:
			if last = (trace{Customer: o.SubjectID}); writes[i].Idempotency == nil {
				last.At = writes[i].At
			}
		case o.Result == clientele.Unchanged:
			t.met(trace{o.SubjectID, o.UpdatedAt})
		}
	}
	if last.Customer != 0 {
		t.wrote(lane, last)
	}
}

func (t *traces) wrote(lane int, last trace) {
	if t.Wrote == nil {
		t.Wrote = map[int]trace{}
	}
	t.Wrote[lane] = last
}

func (t *traces) met(c trace) {
	if len(t.Met) == keptTraces && !c.At.After(t.Met[keptTraces-1].At) {
		return
	}
	i, _ := slices.BinarySearchFunc(t.Met, c, func(a, b trace) int { return cmp.Or(b.At.Compare(a.At), -1) })
	t.Met = slices.Insert(t.Met, i, c)
	t.Met = t.Met[:min(len(t.Met), keptTraces)]
}

// follow takes in what was done after t.
func (t *traces) follow(next *traces) {
	for lane, last := range next.Wrote {
		t.wrote(lane, last)
	}
	for _, c := range next.Met {
		t.met(c)
	}
}

func (t *traces) clone() traces { return traces{maps.Clone(t.Wrote), slices.Clone(t.Met)} }

// areIn reports whether the store has all the traces.
func (t *traces) areIn(ctx context.Context, s Store, project int64, run string) (bool, error) {
	for _, wrote := range t.Wrote {
		found, err := hasChange(ctx, s, project, wrote, func(c *clientele.Change) bool { return c.Origin.RequestID == run })
		if err != nil || !found {
			return false, err
		}
	}
	for _, met := range t.Met {
		found, err := hasChange(ctx, s, project, met, func(*clientele.Change) bool { return true })
		if err != nil || !found {
			return false, err
		}
	}
	return true, nil
}

// hasChange reports whether a change of a trace's time, for which is holds, is in the history of its customer.
func hasChange(ctx context.Context, s Store, project int64, t trace, is func(*clientele.Change) bool) (bool, error) {
	q := clientele.HistoryQuery{ProjectID: project, Subject: clientele.SubjectCustomer, SubjectID: t.Customer, Limit: clientele.MaxPage}
	for {
		changes, err := s.ListHistory(ctx, q)
		if err != nil {
			return false, err
		}
		for i := range changes {
			if is(&changes[i]) && (t.At.IsZero() || t.At.Equal(changes[i].At)) {
				return true, nil
			}
		}
		if len(changes) < q.Limit {
			return false, nil
		}
		q.Before = changes[len(changes)-1].Seq
	}
}
