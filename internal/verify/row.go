package verify

import (
	"time"

	"clientele"
)

// columns are the columns of a table and their places in a row.
type columns struct {
	names []string
	at    map[string]int
}

func columnsOf(names []string) columns {
	c := columns{names: names, at: make(map[string]int, len(names))}
	for i, name := range names {
		c.at[name] = i
	}
	return c
}

// record is a row whose values go by the names of their columns.
type record struct {
	columns columns
	row     clientele.Row
}

func (r record) number(name string) int64 {
	n, _ := r.row[r.columns.at[name]].(int64)
	return n
}

func (r record) string(name string) string {
	s, _ := r.row[r.columns.at[name]].(string)
	return s
}

func (r record) text(name string) clientele.Text {
	s, valid := r.row[r.columns.at[name]].(string)
	return clientele.Text{V: s, Valid: valid}
}

// time returns a time in UTC; the zero time where none is stored.
func (r record) time(name string) time.Time {
	n, valid := r.row[r.columns.at[name]].(int64)
	if !valid {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func (r record) customer() clientele.Customer {
	c := clientele.Customer{
		ID: r.number("id"), ProjectID: r.number("project_id"), Source: clientele.Dialect(r.string("source")),
		CredentialID: r.number("credential_id"), Version: r.number("version"), CreatedAt: r.time("created_at"),
		UpdatedAt: r.time("updated_at"),
	}
	for f := range clientele.AllFields.All {
		*c.Of(f) = r.text(f.String())
	}
	c.EmailNormal, c.PhoneE164, c.AltPhoneE164 = r.text("email_normal"), r.text("phone_e164"), r.text("alt_phone_e164")
	return c
}

func (r record) address() clientele.Address {
	a := clientele.Address{
		ID: r.number("id"), IsDefaultBilling: r.number("is_default_billing") != 0,
		IsDefaultShipping: r.number("is_default_shipping") != 0, CreatedAt: r.time("created_at"), UpdatedAt: r.time("updated_at"),
	}
	for _, place := range a.Texts() {
		*place.Text = r.text(place.Name)
	}
	return a
}

// lead returns what the history tells of a lead: without its UUID, which is a secret, and without what the visitor is known
// by, which is kept for a time only.
func (r record) lead() clientele.Lead {
	l := clientele.Lead{
		ID: r.number("id"), ProjectID: r.number("project_id"), CampaignID: r.number("campaign_id"),
		PublisherID: r.number("publisher_id"), NetValue: clientele.Amount(r.number("net_value")),
		NominalValue: clientele.Amount(r.number("nominal_value")), CustomerType: r.text("customer_type"),
		ActionAt: r.time("action_at"), Source: clientele.Dialect(r.string("source")), CredentialID: r.number("credential_id"),
		Version: r.number("version"), CreatedAt: r.time("created_at"), UpdatedAt: r.time("updated_at"),
	}
	l.Stage, _ = clientele.ParseStage(r.string("stage"))
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		l.ReachedAt[s] = r.time(s.String() + "_at")
	}
	for i := range l.Subs {
		l.Subs[i] = r.text(subName(i))
	}
	return l
}

func subName(i int) string { return "sub" + string(rune('1'+i)) }

func (r record) change() clientele.Change {
	return clientele.Change{
		Seq: r.number("seq"), ProjectID: r.number("project_id"), Subject: clientele.Subject(r.string("subject")),
		SubjectID: r.number("subject_id"), Action: clientele.Action(r.string("action")), Values: []byte(r.string("new_values")),
		Origin: clientele.Origin{Dialect: clientele.Dialect(r.string("dialect")), CredentialID: r.number("credential_id")},
		At:     r.time("at"),
	}
}
