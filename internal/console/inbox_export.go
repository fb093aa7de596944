package console

import (
	"clientele"
	"clientele/internal/traffic"
)

// exportInbox returns the calls that the filter selects, with personal values masked: a file leaves the console.
func (c *Console) exportInbox(r *request) (export, error) {
	filter := r.inboxFilter()
	f := filter.read()
	if filter.Problem != "" {
		return export{}, &clientele.Error{Kind: clientele.KindInvalid, Message: filter.Problem}
	}
	f.Limit = clientele.MaxPage
	return exportOf("refused-calls", r.refusalColumns(), func(yield func(clientele.Refusal, error) bool) {
		for {
			list, err := c.Store.ListRefusals(r.Context(), f)
			if err != nil {
				yield(clientele.Refusal{}, err)
				return
			}
			for _, one := range list {
				if !yield(traffic.Mask(one), nil) {
					return
				}
			}
			if len(list) < f.Limit {
				return
			}
			f.Before = list[len(list)-1].ID
		}
	}), nil
}

func (r *request) refusalColumns() []column[clientele.Refusal] {
	type refusal = clientele.Refusal
	return []column[refusal]{
		{"id", func(c *refusal) any { return c.ID }},
		{"at", func(c *refusal) any { return c.At }},
		{"status", func(c *refusal) any { return c.Status }},
		{"kind", func(c *refusal) any { return c.Kind }},
		{"field", func(c *refusal) any { return c.Field }},
		{"dialect", func(c *refusal) any { return string(c.Dialect) }},
		{"credential", func(c *refusal) any { return c.CredentialID }},
		{"project", func(c *refusal) any { return clientele.NonEmpty(r.projectNamed(c.ProjectID)) }},
		{"method", func(c *refusal) any { return c.Method }},
		{"route", func(c *refusal) any { return c.Route }},
		{"target", func(c *refusal) any { return c.Target }},
		{"request_id", func(c *refusal) any { return c.RequestID }},
		{"answer", func(c *refusal) any { return c.Answer }},
		{"body", func(c *refusal) any { return c.Body }},
	}
}
