package verify

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// replay follows the history of one record, change by change.
type replay struct {
	customer clientele.Customer
	lead     clientele.Lead
	changes  int64
	// last is the sequence of the newest change.
	last   int64
	erased bool
	// holds says that a change has values.
	holds bool
	// faults are what is wrong with the history itself.
	faults []string
}

func (r *replay) fault(c *clientele.Change, format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf("change %d ", c.Seq)+fmt.Sprintf(format, args...))
}

// apply applies one change.
func (r *replay) apply(c *clientele.Change) {
	r.checkAction(c)
	r.last = c.Seq
	if r.changes == 0 {
		r.customer = clientele.Customer{
			ID: c.SubjectID, ProjectID: c.ProjectID, Source: c.Origin.Dialect, CredentialID: c.Origin.CredentialID,
			CreatedAt: c.At, UpdatedAt: c.At,
		}
		r.lead = clientele.Lead{
			ID: c.SubjectID, ProjectID: c.ProjectID, Source: c.Origin.Dialect, CredentialID: c.Origin.CredentialID,
			CreatedAt: c.At, UpdatedAt: c.At,
		}
	}
	r.changes++
	r.customer.Version, r.lead.Version = r.changes, r.changes
	if c.At.After(r.customer.UpdatedAt) {
		r.customer.UpdatedAt, r.lead.UpdatedAt = c.At, c.At
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(c.Values, &members); err != nil {
		r.fault(c, "has values that are no JSON object")
		return
	}
	r.holds = r.holds || len(members) > 0
	v := &values{members: members}
	if c.Subject == clientele.SubjectLead {
		v.takeLead(&r.lead)
	} else {
		v.takeCustomer(&r.customer, c)
	}
	if v.bad != "" {
		r.fault(c, "has a value of %s that is none", v.bad)
	}
	if len(members) > 0 {
		r.fault(c, "tells of %s, which a %s does not have", strings.Join(slices.Sorted(maps.Keys(members)), ", "), c.Subject)
	}
}

// checkAction holds a change to its place in the history: a record is created first, and erased last.
func (r *replay) checkAction(c *clientele.Change) {
	switch {
	case r.erased:
		r.fault(c, "comes behind the erasure")
	case (c.Action == clientele.ActionCreated) != (r.changes == 0):
		r.fault(c, "is %q and number %d of its history", c.Action, r.changes+1)
	case c.Action != clientele.ActionCreated && c.Action != clientele.ActionUpdated && c.Action != clientele.ActionErased:
		r.fault(c, "is %q, which nothing is", c.Action)
	}
	r.erased = r.erased || c.Action == clientele.ActionErased
}

// values are the members of a change's Values that were not taken yet.
type values struct {
	members map[string]jsontext.Value
	bad     string // the name of one that could not be read
}

// take reads a member into to, where there is one.
func take[T any](v *values, name string, to *T) {
	raw, stated := v.members[name]
	if !stated {
		return
	}
	delete(v.members, name)
	if err := json.Unmarshal(raw, to); err != nil {
		v.bad = name
	}
}

func (v *values) takeText(name string, to *clientele.Text) {
	raw, stated := v.members[name]
	if !stated {
		return
	}
	var s *string
	delete(v.members, name)
	if err := json.Unmarshal(raw, &s); err != nil {
		v.bad = name
		return
	}
	*to = clientele.Text{}
	if s != nil {
		*to = clientele.Some(*s)
	}
}

// takeTime reads a time. One of a year below 0, which a partner's date in year 0 could once become, stands with a sign, which
// no reader of RFC 3339 takes.
func (v *values) takeTime(name string, to *time.Time) {
	if bare, ok := bytes.CutPrefix(v.members[name], []byte(`"-`)); ok {
		v.members[name] = append(jsontext.Value{'"'}, bare...)
		take(v, name, to)
		*to = time.Date(-to.Year(), to.Month(), to.Day(), to.Hour(), to.Minute(), to.Second(), to.Nanosecond(), time.UTC)
		return
	}
	take(v, name, to)
	*to = to.UTC()
}

func (v *values) takeCustomer(to *clientele.Customer, c *clientele.Change) {
	for f := range clientele.AllFields.All {
		v.takeText(f.String(), to.Of(f))
	}
	if c.Action != clientele.ActionCreated {
		return
	}
	var list []map[string]jsontext.Value
	take(v, "addresses", &list)
	for _, members := range list {
		a := clientele.Address{CreatedAt: c.At, UpdatedAt: c.At}
		of := &values{members: members}
		take(of, "id", &a.ID)
		take(of, "is_default_billing", &a.IsDefaultBilling)
		take(of, "is_default_shipping", &a.IsDefaultShipping)
		for _, place := range a.Texts() {
			of.takeText(place.Name, place.Text)
		}
		if of.bad != "" || len(members) > 0 {
			v.bad = "addresses"
		}
		to.Addresses = append(to.Addresses, a)
	}
}

func (v *values) takeLead(to *clientele.Lead) {
	stage := to.Stage.String()
	take(v, "stage", &stage)
	to.Stage, _ = clientele.ParseStage(stage)
	take(v, "campaign_id", &to.CampaignID)
	take(v, "publisher_id", &to.PublisherID)
	v.takeTime("action_at", &to.ActionAt)
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		v.takeTime(s.String()+"_at", &to.ReachedAt[s])
	}
	take(v, "net_value", &to.NetValue)
	take(v, "nominal_value", &to.NominalValue)
	v.takeText("customer_type", &to.CustomerType)
	for i := range to.Subs {
		v.takeText(subName(i), &to.Subs[i])
	}
}
