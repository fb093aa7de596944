package console

import (
	"context"
	"strconv"

	"clientele"
)

// auditStore keeps who did what in the console.
type auditStore interface {
	AppendAudit(ctx context.Context, e clientele.AuditEntry) error
	ListAudit(ctx context.Context, f clientele.AuditFilter) ([]clientele.AuditEntry, error)
}

// auditPageSize is how many entries a page shows.
const auditPageSize = 100

// auditPage lists who did what, the newest first.
type auditPage struct {
	Entries   []clientele.AuditEntry
	Operators []clientele.Operator
	Filter    clientele.AuditFilter
	Pages     pages
}

func (c *Console) showAudit(r *request) (answer, error) {
	f := r.auditFilter()
	f.Before, f.Limit = r.numberOf("before"), auditPageSize+1
	p := auditPage{Filter: f}
	var err error
	if p.Entries, err = c.Store.ListAudit(r.Context(), f); err != nil {
		return answer{}, err
	}
	if p.Operators, err = c.Operators.List(r.Context()); err != nil {
		return answer{}, err
	}
	if len(p.Entries) > auditPageSize {
		p.Entries = p.Entries[:auditPageSize]
		p.Pages.Next = r.pathWith("before", strconv.FormatInt(p.Entries[auditPageSize-1].Seq, 10))
	}
	if f.Before != 0 {
		p.Pages.First = r.pathWith("before", "")
	}
	return view("Audit log", auditView(r, p)), nil
}

// auditFilter reads which entries are wanted.
func (r *request) auditFilter() clientele.AuditFilter {
	return clientele.AuditFilter{OperatorID: r.numberOf("operator"), ProjectID: r.numberOf("project")}
}

// numberOf returns a number of the query; 0 for none, or for what is none.
func (r *request) numberOf(name string) int64 {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// operatorChoices are the operators as a selection.
func (p auditPage) operatorChoices() []choice {
	list := []choice{{"", "Everybody"}}
	for _, o := range p.Operators {
		list = append(list, choice{strconv.FormatInt(o.ID, 10), o.Email})
	}
	return list
}

// projectChoices are the projects as a selection that begins with all of them.
func (r *request) projectChoices() []choice {
	list := []choice{{"", "All projects"}}
	for _, p := range r.Projects {
		list = append(list, choice{strconv.FormatInt(p.ID, 10), p.Name})
	}
	return list
}

// projectNamed returns the name of a project by its id; "" for none.
func (r *request) projectNamed(id int64) string {
	for _, p := range r.Projects {
		if p.ID == id {
			return p.Name
		}
	}
	return ""
}

// idText is an id as a form's value; "" for 0.
func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
