package console

import (
	"context"
	"iter"
	"strconv"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// exportSubmissions is the list of submissions without pages.
func (c *Console) exportSubmissions(r *request) (export, error) {
	f, err := r.submissionFilter()
	if err != nil {
		return export{}, &clientele.Error{Kind: clientele.KindInvalid, Message: err.Error()}
	}
	credentials, err := c.submitters(r)
	if err != nil {
		return export{}, err
	}
	f.Before = nil
	return exportOf("submissions", submissionColumns(credentials), c.eachSubmission(r.Context(), f)), nil
}

// eachSubmission goes through all submissions that a filter selects.
func (c *Console) eachSubmission(ctx context.Context, f clientele.SubmissionFilter) iter.Seq2[clientele.Submission, error] {
	f.Limit = clientele.MaxPage
	return eachPage(func() ([]clientele.Submission, error) {
		list, err := c.Store.ListSubmissions(ctx, f)
		if len(list) > 0 {
			f.Before = list[len(list)-1].Position()
		}
		return list, err
	})
}

// eachPage goes through the records of pages until there is an empty one.
func eachPage[T any](next func() ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			list, err := next()
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range list {
				if !yield(row, nil) {
					return
				}
			}
			if len(list) == 0 {
				return
			}
		}
	}
}

func submissionColumns(credentials []clientele.Credential) []column[clientele.Submission] {
	type s = clientele.Submission
	return []column[s]{
		{"id", func(s *s) any { return s.ID }},
		{"status", func(s *s) any { return string(s.Status) }},
		{"failure", func(s *s) any { return clientele.NonEmpty(string(s.Failure)) }},
		{"target", func(s *s) any { return clientele.NonEmpty(s.Target) }},
		{"customer_id", func(s *s) any { return idOrNil(s.CustomerID) }},
		{"partner", func(s *s) any { return senderName(credentials, s.Origin) }},
		{"credential_id", func(s *s) any { return idOrNil(s.Origin.CredentialID) }},
		{"dialect", func(s *s) any { return string(s.Origin.Dialect) }},
		{"request_id", func(s *s) any { return s.Origin.RequestID }},
		{"accepted_at", func(s *s) any { return s.AcceptedAt }},
		{"started_at", func(s *s) any { return s.StartedAt }},
		{"finished_at", func(s *s) any { return s.FinishedAt }},
		{"write", func(s *s) any {
			if s.Damage != nil {
				return nil
			}
			return jsontext.Value(s.Write.AppendPayload(nil))
		}},
	}
}

// idOrNil is an id as an exported value; nothing for 0.
func idOrNil(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// exportSubscriptions is the list of subscriptions without pages. What may be secret is not in it.
func (c *Console) exportSubscriptions(r *request) (export, error) {
	all, err := c.standings(r)
	if err != nil {
		return export{}, err
	}
	state := r.URL.Query().Get("state")
	return exportOf("subscriptions", subscriptionColumns(), func(yield func(standing, error) bool) {
		for i := range all {
			if _, word := all[i].state(); state != "" && word != state {
				continue
			}
			if !yield(all[i], nil) {
				return
			}
		}
	}), nil
}

func subscriptionColumns() []column[standing] {
	return []column[standing]{
		{"id", func(s *standing) any { return s.ID }},
		{"event", func(s *standing) any { return string(s.EventType) }},
		{"url", func(s *standing) any { return shownURL(s.URL) }},
		{"state", func(s *standing) any { _, word := s.state(); return word }},
		{"due", func(s *standing) any { return s.Health.Due }},
		{"oldest_change_at", func(s *standing) any { return s.Health.OldestChange }},
		{"failing_since", func(s *standing) any { return s.FailingSince }},
		{"disabled_at", func(s *standing) any { return s.DisabledAt }},
		{"disabled_reason", func(s *standing) any { return clientele.NonEmpty(s.DisabledReason) }},
		{"request_timeout_ms", func(s *standing) any { return s.RequestTimeout.Milliseconds() }},
		{"created_at", func(s *standing) any { return s.CreatedAt }},
	}
}

// exportDeliveries is the list of deliveries without pages.
func (c *Console) exportDeliveries(r *request) (export, error) {
	f := r.deliveryFilter()
	f.Before, f.Limit = 0, clientele.MaxPage
	return exportOf("deliveries", deliveryColumns(), eachPage(func() ([]clientele.Delivery, error) {
		list, err := c.Hooks.Deliveries(r.Context(), f)
		if len(list) > 0 {
			f.Before = list[len(list)-1].Seq
		}
		return list, err
	})), nil
}

func deliveryColumns() []column[clientele.Delivery] {
	type d = clientele.Delivery
	return []column[d]{
		{"id", func(d *d) any { return d.ID }},
		{"subscription_id", func(d *d) any { return d.SubscriptionID }},
		{"event", func(d *d) any { return string(d.EventType) }},
		{"status", func(d *d) any { return string(d.Status) }},
		{"attempts", func(d *d) any { return d.Attempts }},
		{"subject_ids", func(d *d) any { return idsJSON(d.SubjectIDs) }},
		{"first_change_at", func(d *d) any { return d.FirstAt }},
		{"newest_change_at", func(d *d) any { return d.EventAt }},
		{"gathered_at", func(d *d) any { return d.CreatedAt }},
		{"next_attempt_at", func(d *d) any { return deliveryPage{Delivery: *d}.nextAt() }},
		{"finished_at", func(d *d) any { return d.FinishedAt }},
	}
}

// idsJSON is a JSON array of ids.
func idsJSON(ids []int64) jsontext.Value {
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return append(b, ']')
}
