package importer

import (
	"context"
	"fmt"

	"clientele"

	"github.com/go-json-experiment/json"
)

// makeDoubtful has the book hold back a write that it may have already, if its customer was changed since it was created: take looks at
// that. A call that the book remembers needs no doubt.
func makeDoubtful(w *clientele.Write) {
	if w.Idempotency == nil && w.Customer.ExpectedVersion == 0 {
		w.Customer.ExpectedVersion = 1
	}
}

// take notes what became of writes that were committed. Those that were held back, since they may have been sent before, are sent again in
// their order, unless they were carried out then and somebody else has changed the customer since.
func (l *lane) take(ctx context.Context, c *chunk, numbers []int, outcomes []clientele.Outcome) error {
	var again []int
	for i, n := range numbers {
		o := &outcomes[i]
		if o.Err != nil || o.Result != clientele.VersionChanged {
			c.take(n, o)
			continue
		}
		w := c.writes[n].Customer
		done, err := l.wasCarriedOut(ctx, &w.Patch, o.SubjectID)
		if err != nil {
			return err
		}
		if done {
			c.results[n] = clientele.Unchanged
			continue
		}
		w.ExpectedVersion = o.Existing.Version
		again = append(again, n)
	}
	if len(again) == 0 {
		return nil
	}
	return l.commit(ctx, c, again)
}

// wasCarriedOut reports whether the run has made a change that a row states, and somebody else a newer one.
func (l *lane) wasCarriedOut(ctx context.Context, row *clientele.Patch, customer int64) (bool, error) {
	var changes []clientele.Change
	err := l.patiently(ctx, func() (err error) {
		changes, err = l.store.ListHistory(ctx, clientele.HistoryQuery{
			ProjectID: l.ProjectID, Subject: clientele.SubjectCustomer, SubjectID: customer, Limit: clientele.MaxPage,
		})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for what was sent before: %w", err)
	}
	others := false
	for i := range changes {
		if changes[i].Origin.RequestID != l.report.Run {
			others = true
		} else if others && states(row, changes[i].Values) {
			return true, nil
		}
	}
	return false, nil
}

// states reports whether a row states all values of a change, but for the addresses.
func states(row *clientele.Patch, change []byte) bool {
	var values map[string]any
	if err := json.Unmarshal(change, &values); err != nil {
		return false
	}
	for f := range clientele.AllFields.All {
		value, is := values[f.String()]
		if is && (row.Set&clientele.FieldsOf(f) == 0 || value != row.Of(f).V) {
			return false
		}
	}
	return true
}
