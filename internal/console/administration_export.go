package console

import (
	"iter"
	"slices"

	"clientele"
)

// each yields a list that is short enough to be in memory.
func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range list {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func (c *Console) exportProjects(r *request) (export, error) {
	type project = clientele.Project
	return exportOf("projects", []column[project]{
		{"id", func(p *project) any { return p.ID }},
		{"name", func(p *project) any { return p.Name }},
		{"time_zone", func(p *project) any { return p.TimeZone }},
		{"created_at", func(p *project) any { return p.CreatedAt }},
	}, each(r.Projects)), nil
}

func (c *Console) exportCampaigns(r *request) (export, error) {
	type campaign = clientele.Campaign
	list, err := c.Store.ListCampaigns(r.Context())
	list = slices.DeleteFunc(list, func(one campaign) bool { return one.ProjectID != r.Project.ID })
	return exportOf("campaigns", []column[campaign]{
		{"id", func(c *campaign) any { return c.ID }},
		{"uuid", func(c *campaign) any { return c.UUID }},
		{"name", func(c *campaign) any { return c.Name }},
		{"landing_url", func(c *campaign) any { return c.LandingURL }},
		{"paused_at", func(c *campaign) any { return c.PausedAt }},
		{"created_at", func(c *campaign) any { return c.CreatedAt }},
	}, each(list)), err
}

func (c *Console) exportPublishers(r *request) (export, error) {
	type publisher = clientele.Publisher
	list, err := c.Store.ListPublishers(r.Context())
	return exportOf("publishers", []column[publisher]{
		{"id", func(p *publisher) any { return p.ID }},
		{"uuid", func(p *publisher) any { return p.UUID }},
		{"name", func(p *publisher) any { return p.Name }},
		{"paused_at", func(p *publisher) any { return p.PausedAt }},
		{"created_at", func(p *publisher) any { return p.CreatedAt }},
	}, each(list)), err
}

func (c *Console) exportOperators(r *request) (export, error) {
	type operator = clientele.Operator
	list, err := c.Operators.List(r.Context())
	return exportOf("operators", []column[operator]{
		{"id", func(o *operator) any { return o.ID }},
		{"email", func(o *operator) any { return o.Email }},
		{"role", func(o *operator) any { return string(o.Role) }},
		{"created_at", func(o *operator) any { return o.CreatedAt }},
		{"last_login_at", func(o *operator) any { return o.LastLoginAt }},
		{"disabled_at", func(o *operator) any { return o.DisabledAt }},
	}, each(list)), err
}

// exportAudit returns the entries that the page's filter selects.
func (c *Console) exportAudit(r *request) (export, error) {
	f := r.auditFilter()
	f.Limit = clientele.MaxPage
	type auditEntry = clientele.AuditEntry
	return exportOf("audit", []column[auditEntry]{
		{"at", func(e *auditEntry) any { return e.At }},
		{"operator", func(e *auditEntry) any { return e.Operator }},
		{"action", func(e *auditEntry) any { return e.Action }},
		{"subject", func(e *auditEntry) any { return e.Subject }},
		{"project", func(e *auditEntry) any { return r.projectNamed(e.ProjectID) }},
		{"request_id", func(e *auditEntry) any { return e.RequestID }},
	}, func(yield func(auditEntry, error) bool) {
		for {
			list, err := c.Store.ListAudit(r.Context(), f)
			if err != nil {
				yield(auditEntry{}, err)
				return
			}
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
			}
			if len(list) < f.Limit {
				return
			}
			f.Before = list[len(list)-1].Seq
		}
	}), nil
}
