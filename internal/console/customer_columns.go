package console

import (
	"strings"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// customerColumns are the columns of exported customers: every field as it was sent, what was made of it, and where it came from.
func customerColumns(of partners) []column[clientele.Customer] {
	columns := []column[clientele.Customer]{{"id", func(c *clientele.Customer) any { return c.ID }}}
	for f := range clientele.AllFields.All {
		columns = append(columns, column[clientele.Customer]{f.String(), func(c *clientele.Customer) any { return *c.Of(f) }})
	}
	return append(columns,
		column[clientele.Customer]{"email_normal", func(c *clientele.Customer) any { return c.EmailNormal }},
		column[clientele.Customer]{"phone_e164", func(c *clientele.Customer) any { return c.PhoneE164 }},
		column[clientele.Customer]{"alt_phone_e164", func(c *clientele.Customer) any { return c.AltPhoneE164 }},
		column[clientele.Customer]{"vat_normal", func(c *clientele.Customer) any { return c.VATNormal }},
		column[clientele.Customer]{"flags", func(c *clientele.Customer) any { return strings.Join(flagNames(c.Flags), " ") }},
		column[clientele.Customer]{"addresses", func(c *clientele.Customer) any { return addressesJSON(c.Addresses) }},
		column[clientele.Customer]{"source", func(c *clientele.Customer) any { return string(c.Source) }},
		column[clientele.Customer]{"partner", func(c *clientele.Customer) any { return clientele.NonEmpty(of.name(c.CredentialID)) }},
		column[clientele.Customer]{"version", func(c *clientele.Customer) any { return c.Version }},
		column[clientele.Customer]{"created_at", func(c *clientele.Customer) any { return c.CreatedAt }},
		column[clientele.Customer]{"updated_at", func(c *clientele.Customer) any { return c.UpdatedAt }},
	)
}

// flagWords are the flags by name and in words, with the field that each is about.
var flagWords = []struct {
	flag  clientele.Flags
	name  string
	field clientele.Field
	words string
}{
	{clientele.EmailInvalid, "email_invalid", clientele.FieldEmail, "is no e-mail address"},
	{clientele.PhoneInvalid, "phone_invalid", clientele.FieldPhone, "is no international phone number"},
	{clientele.AltPhoneInvalid, "alt_phone_invalid", clientele.FieldAltPhone, "is no international phone number"},
	{clientele.VATInvalid, "vat_invalid", clientele.FieldVATNumber, "is no VAT number of a member state of the EU"},
	{clientele.IPInvalid, "ip_invalid", clientele.FieldIP, "is no IP address"},
	{clientele.IPPrivate, "ip_private", clientele.FieldIP, "is an address of a private network, not the visitor's"},
}

func flagNames(flags clientele.Flags) []string {
	var names []string
	for _, w := range flagWords {
		if flags.Has(w.flag) {
			names = append(names, w.name)
		}
	}
	return names
}

// flagsOfField tells in words what is odd about a field's value; "" for nothing.
func flagsOfField(flags clientele.Flags, f clientele.Field) string {
	var words []string
	for _, w := range flagWords {
		if w.field == f && flags.Has(w.flag) {
			words = append(words, w.words)
		}
	}
	return strings.Join(words, ", ")
}

// addressesJSON returns addresses as a JSON array of what they state.
func addressesJSON(list []clientele.Address) jsontext.Value {
	b := []byte{'['}
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for _, t := range list[i].Texts() {
			if t.Text.Valid {
				b = append(t.Text.AppendJSON(append(clientele.AppendQuoted(b, t.Name), ':')), ',')
			}
		}
		b = append(appendBool(append(b, `"is_default_billing":`...), list[i].IsDefaultBilling), ',')
		b = append(appendBool(append(b, `"is_default_shipping":`...), list[i].IsDefaultShipping), '}')
	}
	return append(b, ']')
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}
