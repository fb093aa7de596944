package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"clientele"
)

// column is something that a row can state.
type column struct {
	name string
	// maxChars bounds the value as the partner APIs do.
	maxChars int
	// aliases are other names of it, without blanks and punctuation and in lower case.
	aliases []string
}

// customerColumns are the columns of Details, in the order of the fields. The bounds are those of the OPM document, of the
// Onlinewerkrooster rulings for the second id and the VAT number, and of the DKHardware document for the company and the type.
var customerColumns = [...]column{
	{"external_id", 255, []string{"id", "customerid", "extcustomerid"}},
	{"external_number", 64, []string{"number", "customernumber"}},
	{"first_name", 150, []string{"givenname", "forename"}},
	{"last_name", 150, []string{"surname", "familyname"}},
	{"company", 250, []string{"companyname", "organisation", "organization"}},
	{"email", 320, []string{"mail", "emailaddress"}},
	{"phone", 50, []string{"phonenumber", "telephone", "tel"}},
	{"alt_phone", 50, []string{"phone2", "alternativephone", "mobile", "mobilephone"}},
	{"fax", 50, []string{"faxnumber"}},
	{"ip", 45, []string{"ipaddress"}},
	{"vat_number", 32, []string{"vat", "vatid", "enterprisenumber"}},
	{"type", 20, []string{"customertype"}},
}

// addressColumns are the columns of a first address, in the order of AddressDetails.Texts, with the bounds of the DKHardware
// document and of the Onlinewerkrooster rulings.
var addressColumns = [...]column{
	{"address_first_name", 150, nil},
	{"address_last_name", 150, nil},
	{"address_company", 250, nil},
	{"address_phone", 50, nil},
	{"address_alt_phone", 50, nil},
	{"address_fax", 50, nil},
	{"address_line1", 255, []string{"address", "address1", "addressline", "line1"}},
	{"address_line2", 255, []string{"address2", "line2"}},
	{"address_street", 255, []string{"street"}},
	{"address_street_number", 20, []string{"streetnumber", "housenumber"}},
	{"address_postal_code", 50, []string{"postalcode", "postcode", "zip", "zipcode", "addresszip"}},
	{"address_city", 255, []string{"city", "town"}},
	{"address_state", 50, []string{"state", "province"}},
	{"address_country", 150, []string{"country"}},
}

const (
	numCustomerColumns = len(customerColumns)
	numColumns         = numCustomerColumns + len(addressColumns)
)

// customerTypes are the values of the type (DKHardware document, section Type of Customer).
var customerTypes = [...]string{"business", "government", "military"}

// The columns that a file of refused rows has besides its own. They are not read.
const (
	columnRefusedLine   = "refused_line"
	columnRefusedReason = "refused_reason"
)

// target says what a column of the input is: the number of a customer column, numCustomerColumns and more for an address
// column, or that it is not read.
type target int8

const (
	notRead target = -1
	refused target = -2 // one of the columns of a file of refused rows
)

func (t target) column() *column {
	if int(t) < numCustomerColumns {
		return &customerColumns[t]
	}
	return &addressColumns[int(t)-numCustomerColumns]
}

// name returns the column's name, or "-" for one that is not read, as a mapping says it.
func (t target) name() string {
	if t < 0 {
		return "-"
	}
	return t.column().name
}

// Columns returns the names of the columns that are known, in order.
func Columns() []string {
	names := make([]string, numColumns)
	for i := range names {
		names[i] = target(i).column().name
	}
	return names
}

// names finds columns by their names.
type names struct {
	known         map[string]target
	ignoreUnknown bool
}

// newNames knows the columns under their names, their aliases and those that mapping gives: a name of the input to the name
// of a column, or to "-" for one that is not read.
func newNames(mapping map[string]string, o *Options) (*names, error) {
	n := &names{known: map[string]target{plain(columnRefusedLine): refused, plain(columnRefusedReason): refused}, ignoreUnknown: o.IgnoreUnknown}
	for i := range numColumns {
		c := target(i).column()
		n.known[plain(c.name)] = target(i)
		for _, alias := range c.aliases {
			n.known[alias] = target(i)
		}
	}
	own := map[string]target{}
	for _, from := range slices.Sorted(maps.Keys(mapping)) {
		to, found := n.known[plain(mapping[from])]
		if mapping[from] == "-" {
			to, found = notRead, true
		}
		if !found || to == refused {
			return nil, clientele.Errorf(clientele.KindInvalid, "there is no column %q to map another one to; there are %s", mapping[from], strings.Join(Columns(), ", "))
		}
		own[plain(from)] = to
	}
	maps.Copy(n.known, own)
	return n, nil
}

// find returns what a name of the input stands for; ok is false for a name that is not known and may not be ignored.
func (n *names) find(name string) (t target, ok bool) {
	if t, found := n.known[plain(name)]; found {
		return t, true
	}
	return notRead, n.ignoreUnknown
}

// plain returns a name as it is compared: "First Name", "first-name" and "firstName" are one.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		case strings.ContainsRune(" _-.\t\u00a0", r):
			return -1
		}
		return r
	}, name)
}

// record is what a row states.
type record struct {
	details clientele.Details
	address clientele.AddressDetails
	// set has a bit for each column that the row has a value for.
	set uint64
	// named has a bit for each column that the row names, whatever its value.
	named uint64
}

// put takes a value for a column; the reason says why it cannot. A blank states nothing.
func (r *record) put(t target, value string) (reason string) {
	if t < 0 || strings.TrimSpace(value) == "" {
		return ""
	}
	if clientele.Field(t) == clientele.FieldExternalNumber {
		value = strings.TrimSpace(value) // as Onlinewerkrooster, whose number it is, takes and looks for it
	}
	c := t.column()
	switch {
	case len(value) > c.maxChars && utf8.RuneCountInString(value) > c.maxChars:
		return fmt.Sprintf("%s has more than %d characters", c.name, c.maxChars)
	case strings.IndexByte(value, 0) >= 0:
		return c.name + " has a NUL character in it"
	case clientele.Field(t) == clientele.FieldType && !slices.Contains(customerTypes[:], value):
		return "type is none of " + strings.Join(customerTypes[:], ", ")
	}
	if int(t) < numCustomerColumns {
		*r.details.Of(clientele.Field(t)) = clientele.Some(value)
	} else {
		*r.address.Texts()[int(t)-numCustomerColumns].Text = clientele.Some(value)
	}
	r.set |= 1 << t
	return ""
}

// hasAddress reports whether the row states a part of an address.
func (r *record) hasAddress() bool { return r.set>>numCustomerColumns != 0 }

// wholeAddress returns the address, its first line made of street and number where the row has only those: for dialects that
// know lines only.
func (r *record) wholeAddress() clientele.AddressDetails {
	a := r.address
	if a.Line1.IsEmpty() {
		a.Line1 = clientele.NonEmpty(strings.TrimSpace(strings.TrimSpace(a.Street.V) + " " + strings.TrimSpace(a.StreetNumber.V)))
	}
	return a
}
