package book

import (
	"context"
	"errors"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// memory commits each write by itself, over the customers it was given and has made.
type memory struct {
	customers []clientele.Customer
	updated   []clientele.Customer
	changes   []clientele.Change
	err       error
}

func (m *memory) Commit(_ context.Context, w clientele.Write) (clientele.Outcome, error) {
	if m.err != nil {
		return clientele.Outcome{}, m.err
	}
	b := clientele.NewBatch([]clientele.Write{w})
	for _, c := range m.customers {
		b.LoadCustomer(c)
	}
	o := b.Decide(m)[0]
	for c := range b.NewCustomers {
		m.customers = append(m.customers, *c)
	}
	for c := range b.ChangedCustomers {
		m.updated = append(m.updated, *c)
	}
	m.changes = append(m.changes, b.Changes...)
	return o, o.Err
}

func (m *memory) NextCustomerID() int64 { return int64(len(m.customers)) + 1 }
func (m *memory) NextAddressID() int64  { return int64(len(m.customers)) + 1 }
func (m *memory) NextLeadID() int64     { return 1 }

var registerCall = Call{ProjectID: 3, Origin: clientele.Origin{Dialect: clientele.Onlinewerkrooster, CredentialID: 4, RequestID: "r"}}

func (m *memory) register(t *testing.T, d clientele.Details, a *clientele.Address) Registration {
	t.Helper()
	b := New(m, func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	r, err := b.Register(t.Context(), registerCall, d, a)
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	return r
}

// bakery returns the details and the address of a made-up customer, changed by each of the given changes.
func bakery(changes ...func(*clientele.Details, *clientele.Address)) (clientele.Details, *clientele.Address) {
	d := clientele.Details{
		ExternalID: clientele.Some("1001"), ExternalNumber: clientele.Some("N-1001"), Company: clientele.Some("Bakery"),
		VATNumber: clientele.Some("BE 0123.456.749"),
	}
	a := &clientele.Address{AddressDetails: clientele.AddressDetails{
		Street: clientele.Some("Mill Lane"), StreetNumber: clientele.Some("15B"), City: clientele.Some("Lommel"),
		Line1: clientele.Some("Mill Lane 15B"),
	}}
	for _, change := range changes {
		change(&d, a)
	}
	return d, a
}

func TestRegister_CreatesOnceAndKeepsNormalForms(t *testing.T) {
	m := &memory{}
	want := Registration{Result: clientele.Created, CustomerID: 1}
	if diff := cmp.Diff(want, m.register(t, first(bakery()), second(bakery()))); diff != "" {
		t.Fatalf("first (-want +got):\n%s", diff)
	}
	c := m.customers[0]
	if c.VATNumber.V != "BE 0123.456.749" || c.VATNormal.V != "BE0123456749" || c.Flags != 0 {
		t.Errorf("VAT number %q, normal %q, flags %b; want the raw one, the normal one, none", c.VATNumber.V, c.VATNormal.V, c.Flags)
	}
	want.Result = clientele.Unchanged
	if diff := cmp.Diff(want, m.register(t, first(bakery()), second(bakery()))); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
	if len(m.customers) != 1 || len(m.changes) != 1 {
		t.Errorf("%d customers, %d changes; want one of each", len(m.customers), len(m.changes))
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

// TestRegister_Differences holds what makes another body: every value after trimming, and nothing else.
func TestRegister_Differences(t *testing.T) {
	some := clientele.Some
	for name, test := range map[string]struct {
		change func(*clientele.Details, *clientele.Address)
		want   []string
	}{
		"number": {func(d *clientele.Details, _ *clientele.Address) { d.ExternalNumber = some("n-1001") }, []string{"external_number"}},
		"name":   {func(d *clientele.Details, _ *clientele.Address) { d.Company = some("bakery") }, []string{"company"}},
		"VAT, although its normal form is the same": {
			func(d *clientele.Details, _ *clientele.Address) { d.VATNumber = some("BE0123456749") }, []string{"vat_number"},
		},
		"city":         {func(_ *clientele.Details, a *clientele.Address) { a.City = some("Mol") }, []string{"address.city"}},
		"more address": {func(_ *clientele.Details, a *clientele.Address) { a.Country = some("belgium") }, []string{"address.country"}},
		"less address": {func(_ *clientele.Details, a *clientele.Address) { a.Street = clientele.Text{} }, []string{"address.street"}},
		"all": {
			func(d *clientele.Details, a *clientele.Address) {
				d.ExternalNumber, d.Company, d.VATNumber = some("1"), some("2"), some("3")
				a.Street, a.StreetNumber, a.City, a.PostalCode, a.Country = some("4"), some("5"), some("6"), some("7"), some("8")
			},
			[]string{
				"external_number", "company", "vat_number", "address.street", "address.street_number", "address.city",
				"address.postal_code", "address.country",
			},
		},
		"blanks around": {
			func(d *clientele.Details, a *clientele.Address) {
				d.ExternalNumber, d.Company, d.VATNumber = some(" N-1001"), some("Bakery\t"), some("\u00a0BE 0123.456.749\n")
				a.Street, a.Line1 = some(" Mill Lane "), some("Mill Lane  15B")
			}, nil,
		},
		"empty and blank instead of missing": {
			func(_ *clientele.Details, a *clientele.Address) { a.PostalCode, a.Country = some(""), some("  ") }, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{}
			m.register(t, first(bakery()), second(bakery()))
			want := Registration{Result: clientele.Unchanged, CustomerID: 1, Differs: test.want}
			if test.want != nil {
				want.Result = clientele.ExternalIDTaken
			}
			if diff := cmp.Diff(want, m.register(t, first(bakery(test.change)), second(bakery(test.change)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(m.customers) != 1 || len(m.changes) != 1 {
				t.Errorf("%d customers, %d changes: something was written", len(m.customers), len(m.changes))
			}
		})
	}
}

func TestRegister_WhatOthersAddedIsNoDifference(t *testing.T) {
	m := &memory{}
	m.register(t, first(bakery()), second(bakery()))
	c := &m.customers[0]
	c.Email, c.FirstName, c.Version = clientele.Some("ada@example.com"), clientele.Some("Ada"), 2
	c.Addresses[0].Line1, c.Addresses[0].Line2 = clientele.Some("Mill Lane, 15B"), clientele.Some("2nd floor")
	c.Addresses[0].Phone, c.Addresses[0].IsDefaultBilling = clientele.Some("555-0100"), true
	c.Addresses = append(c.Addresses, clientele.Address{ID: 9})
	want := Registration{Result: clientele.Unchanged, CustomerID: 1}
	if diff := cmp.Diff(want, m.register(t, first(bakery()), second(bakery()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRegister_AgainstACustomerOfAnotherDialect(t *testing.T) {
	m := &memory{customers: []clientele.Customer{{
		ID: 77, ProjectID: 3, Details: clientele.Details{ExternalID: clientele.Some("1001"), Email: clientele.Some("ada@example.com")},
	}}}
	want := Registration{Result: clientele.ExternalIDTaken, CustomerID: 77, Differs: []string{
		"external_number", "company", "vat_number", "address.street", "address.street_number", "address.city",
	}}
	if diff := cmp.Diff(want, m.register(t, first(bakery()), second(bakery()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d, _ := bakery()
	want.Differs = want.Differs[:3]
	if diff := cmp.Diff(want, m.register(t, d, nil)); diff != "" {
		t.Errorf("without an address (-want +got):\n%s", diff)
	}
}

// TestRegister_ComparesWhatIsShown: of a customer that has a person's name and an address in lines, that is what this name and this
// street were shown to be.
func TestRegister_ComparesWhatIsShown(t *testing.T) {
	stored := func() *memory {
		d, a := bakery()
		d.Company, d.FirstName, d.LastName = clientele.Text{}, clientele.Some("Ada "), clientele.Some("Baker")
		a.Street, a.StreetNumber = clientele.Text{}, clientele.Text{}
		return &memory{customers: []clientele.Customer{{ID: 77, ProjectID: 3, Details: d, Addresses: []clientele.Address{*a}}}}
	}
	person := func(d *clientele.Details, _ *clientele.Address) { d.Company = clientele.Some("Ada Baker") }
	for name, test := range map[string]struct {
		change func(*clientele.Details, *clientele.Address)
		want   []string
	}{
		"street and number apart": {func(*clientele.Details, *clientele.Address) {}, nil},
		"as it is shown": {func(_ *clientele.Details, a *clientele.Address) {
			a.Street, a.StreetNumber = a.Line1, clientele.Text{}
		}, nil},
		"another street": {func(_ *clientele.Details, a *clientele.Address) {
			a.Street, a.Line1 = clientele.Some("Elm Street"), clientele.Some("Elm Street 15B")
		}, []string{"address.street"}},
		"another name": {func(d *clientele.Details, _ *clientele.Address) { d.Company = clientele.Some("Ada") }, []string{"company"}},
	} {
		t.Run(name, func(t *testing.T) {
			d, a := bakery(person, test.change)
			want := Registration{Result: clientele.Unchanged, CustomerID: 77, Differs: test.want}
			if test.want != nil {
				want.Result = clientele.ExternalIDTaken
			}
			if diff := cmp.Diff(want, stored().register(t, d, a)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegister_KeysAreComparedAsTheyAre(t *testing.T) {
	m := &memory{}
	m.register(t, first(bakery()), second(bakery()))
	other := func(id, number string) Registration {
		return m.register(t, clientele.Details{ExternalID: clientele.Some(id), ExternalNumber: clientele.Some(number)}, nil)
	}
	if got := other("1002", "N-1001"); got.Result != clientele.ExternalNumberTaken || got.CustomerID != 1 || got.Differs != nil {
		t.Errorf("the number of another: %+v", got)
	}
	if got := other("1001", "N-1002"); got.Result != clientele.ExternalIDTaken {
		t.Errorf("the id of another: %+v", got)
	}
	for i, number := range []string{"n-1001", "N-1001 ", "N-01001"} {
		if got := other("200"+number, number); got.Result != clientele.Created {
			t.Errorf("number %d, %q: %v; want created", i, number, got.Result)
		}
	}
}

func TestRegister_BothKeysTakenReportsTheID(t *testing.T) {
	m := &memory{}
	m.register(t, first(bakery()), second(bakery()))
	m.register(t, clientele.Details{ExternalID: clientele.Some("2"), ExternalNumber: clientele.Some("N-2")}, nil)
	got := m.register(t, clientele.Details{ExternalID: clientele.Some("2"), ExternalNumber: clientele.Some("N-1001")}, nil)
	want := Registration{Result: clientele.ExternalIDTaken, CustomerID: 2, Differs: []string{"external_number"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRegister_AnErrorKeepsItsKind(t *testing.T) {
	cause := errors.New("cause")
	b := New(&memory{err: clientele.Unavailable("The disk is full", cause)}, time.Now)
	_, err := b.Register(t.Context(), registerCall, clientele.Details{}, nil)
	if clientele.KindOf(err) != clientele.KindUnavailable || !errors.Is(err, cause) {
		t.Errorf("error %v; want kind unavailable and the cause", err)
	}
}

// TestSingleName_IsTheCompanyOrThePerson: a company of blanks, which DKHardware's partners send where there is none, is none.
func TestSingleName_IsTheCompanyOrThePerson(t *testing.T) {
	person := clientele.Details{FirstName: clientele.Some("Ada"), LastName: clientele.Some("Baker")}
	for _, c := range []struct {
		company clientele.Text
		details clientele.Details
		want    clientele.Text
	}{
		{clientele.Some("Bakery"), person, clientele.Some("Bakery")},
		{clientele.Text{}, person, clientele.Some("Ada Baker")},
		{clientele.Some(""), person, clientele.Some("Ada Baker")},
		{clientele.Some(" \t"), person, clientele.Some("Ada Baker")},
		{clientele.Some(""), clientele.Details{}, clientele.Text{}},
	} {
		c.details.Company = c.company
		if got := SingleName(&c.details); got != c.want {
			t.Errorf("of company %+v: %+v, want %+v", c.company, got, c.want)
		}
	}
}
