package book

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

var editCall = Call{ProjectID: 3, Origin: clientele.Origin{Dialect: clientele.ViaConsole, RequestID: "r-edit"}}

// edit puts the values into the customer, as an operator who saw the version.
func (m *memory) edit(t *testing.T, id, version int64, fields map[clientele.Field]clientele.Text) (Edited, error) {
	t.Helper()
	e := Edit{CustomerID: id, Version: version}
	for f, text := range fields {
		e.Set |= clientele.FieldsOf(f)
		*e.Of(f) = text
	}
	b := New(m, func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) })
	return b.EditCustomer(t.Context(), editCall, e)
}

func TestEditCustomer_HasTheRulesOfAPartnersWrite(t *testing.T) {
	m := &memory{customers: []clientele.Customer{{ID: 1, ProjectID: 3, Version: 4}}}
	some := clientele.Some
	got, err := m.edit(t, 1, 4, map[clientele.Field]clientele.Text{
		clientele.FieldEmail: some("Ada@EXAMPLE.com"), clientele.FieldPhone: some("0048 22 555 01"), clientele.FieldVATNumber: some("BE 0123.456.749"),
		clientele.FieldIP: some("10.0.0.1"), clientele.FieldType: some("business"), clientele.FieldFax: {},
	})
	if err != nil || got.Result != clientele.Updated {
		t.Fatalf("EditCustomer = %v, %v", got.Result, err)
	}
	change := m.changes[0]
	want := `{"email":"Ada@EXAMPLE.com","phone":"0048 22 555 01","ip":"10.0.0.1","vat_number":"BE 0123.456.749","type":"business"}`
	if string(change.Values) != want || change.Action != clientele.ActionUpdated || change.Origin != editCall.Origin {
		t.Errorf("change %+v with %s, want %s", change, change.Values, want)
	}
	if c := m.updated[0]; c.EmailNormal.V != "ada@example.com" || c.VATNormal.V != "BE0123456749" ||
		c.Flags != clientele.PhoneInvalid|clientele.IPPrivate || c.Version != 5 {
		t.Errorf("normal forms %+v, version %d", c.Normal, c.Version)
	}
}

// TestEditCustomer_BlanksAroundANumber do not make it another one, as in a partner's call. All else is kept as it was typed.
func TestEditCustomer_BlanksAroundANumber(t *testing.T) {
	some := clientele.Some
	m := &memory{customers: []clientele.Customer{
		{ID: 1, ProjectID: 3, Version: 1},
		{ID: 2, ProjectID: 3, Version: 1, Details: clientele.Details{ExternalNumber: some("N702")}},
	}}
	got, err := m.edit(t, 1, 1, map[clientele.Field]clientele.Text{
		clientele.FieldExternalID: some(" 7 "), clientele.FieldExternalNumber: some(" N701\t"),
	})
	if err != nil || got.Result != clientele.Updated || string(m.changes[0].Values) != `{"external_id":" 7 ","external_number":"N701"}` {
		t.Errorf("%v, %v; changes %+v", got.Result, err, m.changes)
	}
	got, err = m.edit(t, 1, 1, map[clientele.Field]clientele.Text{clientele.FieldExternalNumber: some("N702 ")})
	if err != nil || got.Result != clientele.ExternalNumberTaken {
		t.Errorf("a number that is taken: %v, %v", got.Result, err)
	}
	got, err = m.edit(t, 2, 1, map[clientele.Field]clientele.Text{clientele.FieldExternalNumber: some(" ")})
	if err != nil || got.Result != clientele.Updated || len(m.updated) == 0 || m.updated[len(m.updated)-1].ExternalNumber.Valid {
		t.Errorf("blanks alone: %v, %v; updated %+v", got.Result, err, m.updated)
	}
}

func TestEditCustomer_RefusesPerField(t *testing.T) {
	m := &memory{customers: []clientele.Customer{{ID: 1, ProjectID: 3, Version: 1}}}
	some := clientele.Some
	_, err := m.edit(t, 1, 1, map[clientele.Field]clientele.Text{
		clientele.FieldFirstName: some(strings.Repeat("ż", MaxFieldRunes)), clientele.FieldLastName: some(strings.Repeat("ż", MaxFieldRunes+1)),
		clientele.FieldCompany: some("a\x00b"), clientele.FieldFax: some("\xff"), clientele.FieldType: some("Business"), clientele.FieldEmail: some("none"),
	})
	var fields []string
	joined, _ := err.(interface{ Unwrap() []error })
	if joined == nil {
		t.Fatalf("error %v, want several", err)
	}
	for _, e := range joined.Unwrap() {
		if e, ok := errors.AsType[*clientele.Error](e); ok && e.Kind == clientele.KindInvalid {
			fields = append(fields, e.Field)
		}
	}
	if diff := cmp.Diff([]string{"last_name", "company", "fax", "type"}, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if len(m.changes) != 0 {
		t.Error("something was written")
	}
}

func TestEditCustomer_Conflicts(t *testing.T) {
	m := &memory{customers: []clientele.Customer{
		{ID: 1, ProjectID: 3, Version: 2, Details: clientele.Details{FirstName: clientele.Some("Ada")}},
		{ID: 2, ProjectID: 3, Version: 1, Details: clientele.Details{ExternalID: clientele.Some("b"), ExternalNumber: clientele.Some("2")}},
	}}
	for _, test := range []struct {
		id, version int64
		field       clientele.Field
		text        string
		want        clientele.Result
		existing    int64
	}{
		{1, 1, clientele.FieldFirstName, "Bea", clientele.VersionChanged, 1},
		{1, 2, clientele.FieldExternalID, "b", clientele.ExternalIDTaken, 2},
		{1, 2, clientele.FieldExternalNumber, "2", clientele.ExternalNumberTaken, 2},
		{1, 2, clientele.FieldFirstName, "Ada", clientele.Unchanged, 0},
		{7, 1, clientele.FieldFirstName, "Ada", clientele.Missing, 0},
	} {
		got, err := m.edit(t, test.id, test.version, map[clientele.Field]clientele.Text{test.field: clientele.Some(test.text)})
		var existing int64
		if got.Existing != nil {
			existing = got.Existing.ID
		}
		if err != nil || got.Result != test.want || existing != test.existing {
			t.Errorf("%s %q: %v with customer %d, %v; want %v with %d", test.field, test.text, got.Result, existing, err, test.want, test.existing)
		}
	}
	m.err = clientele.Unavailable("away", nil)
	if _, err := m.edit(t, 1, 2, nil); clientele.KindOf(err) != clientele.KindUnavailable {
		t.Errorf("error %v; want kind unavailable", err)
	}
}
