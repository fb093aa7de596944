package clientele_test

import (
	"slices"
	"testing"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// allFields is every field with its name, in the order of storing and showing.
var allFields = []struct {
	field clientele.Field
	name  string
}{
	{clientele.FieldExternalID, "external_id"},
	{clientele.FieldExternalNumber, "external_number"},
	{clientele.FieldFirstName, "first_name"},
	{clientele.FieldLastName, "last_name"},
	{clientele.FieldCompany, "company"},
	{clientele.FieldEmail, "email"},
	{clientele.FieldPhone, "phone"},
	{clientele.FieldAltPhone, "alt_phone"},
	{clientele.FieldFax, "fax"},
	{clientele.FieldIP, "ip"},
	{clientele.FieldVATNumber, "vat_number"},
	{clientele.FieldType, "type"},
}

func TestFields_EachHasItsNameAndPlace(t *testing.T) {
	var names []string
	var d clientele.Details
	for _, f := range allFields {
		names = append(names, f.name)
		if f.field.String() != f.name {
			t.Errorf("field %d is named %q, want %q", f.field, f.field, f.name)
		}
		if d.Of(f.field).Valid {
			t.Errorf("the place of %s is that of another field, too", f.name)
		}
		*d.Of(f.field) = clientele.Some(f.name)
	}
	if got := clientele.AllFields.Names(); !slices.Equal(got, names) {
		t.Errorf("all fields are %v, want %v", got, names)
	}
	want := clientele.Details{
		ExternalID: clientele.Some("external_id"), ExternalNumber: clientele.Some("external_number"),
		FirstName: clientele.Some("first_name"), LastName: clientele.Some("last_name"), Company: clientele.Some("company"),
		Email: clientele.Some("email"), Phone: clientele.Some("phone"), AltPhone: clientele.Some("alt_phone"),
		Fax: clientele.Some("fax"), IP: clientele.Some("ip"), VATNumber: clientele.Some("vat_number"), Type: clientele.Some("type"),
	}
	if d != want {
		t.Errorf("places (-want +got):\n%s", cmp.Diff(want, d))
	}
}

func TestFields_Set(t *testing.T) {
	s := clientele.FieldsOf(clientele.FieldType, clientele.FieldEmail, clientele.FieldEmail, clientele.FieldExternalID)
	if got := s.Names(); !slices.Equal(got, []string{"external_id", "email", "type"}) {
		t.Errorf("names %v: want each once, in order", got)
	}
	for _, f := range allFields {
		want := f.name == "external_id" || f.name == "email" || f.name == "type"
		if s.Has(f.field) != want {
			t.Errorf("has %s: %t", f.name, !want)
		}
	}
	var first []clientele.Field
	for f := range s.All {
		first = append(first, f)
		break
	}
	if len(first) != 1 || first[0] != clientele.FieldExternalID {
		t.Errorf("the first is %v", first)
	}
	if clientele.FieldsOf() != 0 || clientele.Fields(0).Names() != nil {
		t.Error("the empty set has a name")
	}
}

func TestPatch_PutStates(t *testing.T) {
	var p clientele.Patch
	p.Put(clientele.FieldEmail, clientele.Some(""))
	p.Put(clientele.FieldFax, clientele.Text{})
	p.Put(clientele.FieldEmail, clientele.Some("ada@example.com"))
	if got := p.Set.Names(); !slices.Equal(got, []string{"email", "fax"}) || p.Email.V != "ada@example.com" || p.Fax.Valid {
		t.Errorf("states %v with %v", got, p.Details)
	}
}

func TestApply_ChangesWhatIsStatedAndDifferent(t *testing.T) {
	before := clientele.Customer{Details: clientele.Details{
		Email: clientele.Some("ada@example.com"), Fax: clientele.Some(""), Company: clientele.Some("Oak"), IP: clientele.Some("192.0.2.1"),
	}}
	var p clientele.Patch
	p.Put(clientele.FieldEmail, clientele.Some("ada@example.com")) // as it is
	p.Put(clientele.FieldFax, clientele.Text{})                    // "" becomes missing
	p.Put(clientele.FieldPhone, clientele.Some(""))                // missing becomes ""
	p.Put(clientele.FieldCompany, clientele.Some("Elm"))
	p.FirstName = clientele.Some("not stated")
	c := before
	if got := c.Apply(&p).Names(); !slices.Equal(got, []string{"company", "phone", "fax"}) {
		t.Errorf("changed %v", got)
	}
	want := before.Details
	want.Fax, want.Phone, want.Company = clientele.Text{}, clientele.Some(""), clientele.Some("Elm")
	if c.Details != want {
		t.Errorf("details (-want +got):\n%s", cmp.Diff(want, c.Details))
	}
	if got := c.Apply(&p); got != 0 {
		t.Errorf("applied again it changed %v", got.Names())
	}
}

func TestApply_TakesWhatWasMadeOfEachChangedField(t *testing.T) {
	const allFlags = clientele.EmailInvalid | clientele.PhoneInvalid | clientele.AltPhoneInvalid | clientele.VATInvalid |
		clientele.IPInvalid | clientele.IPPrivate
	full := clientele.Normal{
		EmailNormal: clientele.Some("e"), PhoneE164: clientele.Some("p"), AltPhoneE164: clientele.Some("a"),
		VATNormal: clientele.Some("v"), Flags: allFlags,
	}
	for _, c := range []struct {
		field clientele.Field
		flags clientele.Flags
		text  func(*clientele.Normal) *clientele.Text
	}{
		{clientele.FieldEmail, clientele.EmailInvalid, func(n *clientele.Normal) *clientele.Text { return &n.EmailNormal }},
		{clientele.FieldPhone, clientele.PhoneInvalid, func(n *clientele.Normal) *clientele.Text { return &n.PhoneE164 }},
		{clientele.FieldAltPhone, clientele.AltPhoneInvalid, func(n *clientele.Normal) *clientele.Text { return &n.AltPhoneE164 }},
		{clientele.FieldVATNumber, clientele.VATInvalid, func(n *clientele.Normal) *clientele.Text { return &n.VATNormal }},
		{clientele.FieldIP, clientele.IPInvalid | clientele.IPPrivate, nil},
		{clientele.FieldFax, 0, nil},
	} {
		var p clientele.Patch
		p.Put(c.field, clientele.Some("new"))
		p.Normal = full
		empty := clientele.Customer{}
		empty.Apply(&p)
		want := clientele.Normal{Flags: c.flags}
		if c.text != nil {
			*c.text(&want) = *c.text(&full)
		}
		if empty.Normal != want {
			t.Errorf("%s of an empty customer (-want +got):\n%s", c.field, cmp.Diff(want, empty.Normal))
		}
		p.Normal = clientele.Normal{}
		other := clientele.Customer{Normal: full}
		other.Apply(&p)
		want = full
		want.Flags &^= c.flags
		if c.text != nil {
			*c.text(&want) = clientele.Text{}
		}
		if other.Normal != want {
			t.Errorf("%s of a full customer (-want +got):\n%s", c.field, cmp.Diff(want, other.Normal))
		}
		p.Normal = full
		if other.Apply(&p); other.Normal != want {
			t.Errorf("%s, which did not change, took another normal form", c.field)
		}
	}
}

func TestFlags_Has(t *testing.T) {
	s := clientele.EmailInvalid | clientele.IPPrivate
	for f, want := range map[clientele.Flags]bool{
		clientele.EmailInvalid: true, clientele.IPPrivate: true, s: true, 0: true, clientele.PhoneInvalid: false,
		clientele.PhoneInvalid | clientele.IPPrivate: false,
	} {
		if s.Has(f) != want {
			t.Errorf("%b has %b: %t", s, f, !want)
		}
	}
}
