package importer

import (
	"context"
	"slices"

	"clientele"
)

// traces are what tells a book that has what an interrupted run did from one that has not: a new one in the same place, or an
// older state that was restored. There the rows that were passed over would be missing.
type traces struct {
	// Wrote are the ids of some of the customers that were created or updated last.
	Wrote []int64 `json:"wrote,omitempty"`
	// Met are those of some that stayed as they were, as long as all did.
	Met []int64 `json:"met,omitempty"`
}

// keptTraces is how many of each are kept: somebody may be erased before the run goes on.
const keptTraces = 8

// add takes in what became of the writes of a transaction.
func (t *traces) add(outcomes []clientele.Outcome) {
	wrote, met := 0, 0
	for _, o := range slices.Backward(outcomes) {
		switch {
		case o.Err != nil:
		case o.Result == clientele.Created, o.Result == clientele.Updated:
			if t.Wrote = append(t.Wrote, o.SubjectID); wrote == keptTraces-1 {
				return
			}
			wrote++
		case o.Result == clientele.Unchanged && met < keptTraces:
			t.Met = append(t.Met, o.SubjectID)
			met++
		}
	}
}

// follow takes in what was done after t.
func (t *traces) follow(next *traces) {
	if len(next.Wrote) > 0 {
		t.Wrote, t.Met = lastOf(next.Wrote), nil
	} else if len(t.Wrote) == 0 && len(next.Met) > 0 {
		t.Met = lastOf(next.Met)
	}
}

func lastOf(ids []int64) []int64 { return ids[max(0, len(ids)-keptTraces):] }

// areIn reports whether the store has at least one of the traces, or there are none.
func (t *traces) areIn(ctx context.Context, s Store, project int64, run string) (bool, error) {
	byRun := func(c clientele.Change) bool { return c.Origin.RequestID == run }
	for _, id := range slices.Concat(t.Wrote, t.Met) {
		changes, err := s.ListHistory(ctx, clientele.HistoryQuery{
			ProjectID: project, Subject: clientele.SubjectCustomer, SubjectID: id, Limit: clientele.MaxPage,
		})
		if err != nil {
			return false, err
		}
		if len(changes) > 0 && (len(t.Wrote) == 0 || slices.ContainsFunc(changes, byRun)) {
			return true, nil
		}
	}
	return len(t.Wrote)+len(t.Met) == 0, nil
}
