package postgres

import (
	"time"

	"clientele"
)

// customerTraits are what the customers of a statement have and most do not. An array that says the same for each row still
// costs the server a column of each, so a statement has only the columns that its customers need. The traits are few, and with
// them the statements that a connection prepares.
type customerTraits uint8

const (
	// severalOrigins: they belong to several projects, dialects or credentials.
	severalOrigins customerTraits = 1 << iota
	// touched: some were changed since they were created.
	touched
	// business: some have an external number, a company, a VAT number or a type.
	business
	// otherPhones: some have a second phone or a fax.
	otherPhones
)

// customerTextColumns are the columns of customerTexts, each with the trait of those who have it; 0 for everybody.
var customerTextColumns = [16]struct {
	name  string
	trait customerTraits
}{
	{"external_id", 0},
	{"external_number", business},
	{"first_name", 0},
	{"last_name", 0},
	{"company", business},
	{"email", 0},
	{"phone", 0},
	{"alt_phone", otherPhones},
	{"fax", otherPhones},
	{"ip", 0},
	{"vat_number", business},
	{"type", business},
	{"email_normal", 0},
	{"phone_e164", 0},
	{"alt_phone_e164", otherPhones},
	{"vat_normal", business},
}

// traitsOf returns what the customers have.
func traitsOf(list []*clientele.Customer) (t customerTraits) {
	first := list[0]
	for _, c := range list {
		if c.ProjectID != first.ProjectID || c.Source != first.Source || c.CredentialID != first.CredentialID {
			t |= severalOrigins
		}
		if c.Version != 1 || !c.UpdatedAt.Equal(c.CreatedAt) {
			t |= touched
		}
		if c.ExternalNumber.Valid || c.Company.Valid || c.VATNumber.Valid || c.Type.Valid || c.VATNormal.Valid {
			t |= business
		}
		if c.AltPhone.Valid || c.Fax.Valid || c.AltPhoneE164.Valid {
			t |= otherPhones
		}
	}
	return t
}

// customerInsert returns the statement that inserts the customers, and its arguments.
func customerInsert(list []*clientele.Customer) (sql string, args []any) {
	traits := traitsOf(list)
	l := &columnList{}
	if first := list[0]; traits&severalOrigins == 0 {
		l.same("project_id", "bigint", first.ProjectID)
		l.same("source", "text", string(first.Source))
		l.same("credential_id", "bigint", first.CredentialID)
	} else {
		l.each("project_id", "bigint", valuesOf(list, func(c *clientele.Customer) int64 { return c.ProjectID }))
		l.each("source", "text", valuesOf(list, func(c *clientele.Customer) string { return string(c.Source) }))
		l.each("credential_id", "bigint", valuesOf(list, func(c *clientele.Customer) int64 { return c.CredentialID }))
	}
	l.each("id", "bigint", valuesOf(list, func(c *clientele.Customer) int64 { return c.ID }))
	l.each("flags", "bigint", valuesOf(list, func(c *clientele.Customer) int64 { return int64(c.Flags) }))
	l.each("created_at", "timestamptz", valuesOf(list, func(c *clientele.Customer) time.Time { return c.CreatedAt }))
	if traits&touched == 0 {
		l.other("version", "1")
		l.other("updated_at", "v.created_at")
	} else {
		l.each("version", "bigint", valuesOf(list, func(c *clientele.Customer) int64 { return c.Version }))
		l.each("updated_at", "timestamptz", valuesOf(list, func(c *clientele.Customer) time.Time { return c.UpdatedAt }))
	}
	places := valuesOf(list, customerTexts)
	for i, of := range customerTextColumns {
		if of.trait&^traits != 0 {
			continue
		}
		values := make(texts, len(list))
		for n := range places {
			values[n] = places[n][i]
		}
		l.each(of.name, "text", values)
	}
	return l.insert("customer"), l.args
}

// valuesOf returns what the rows have in one column.
func valuesOf[Row, Value any](rows []Row, of func(Row) Value) []Value {
	values := make([]Value, len(rows))
	for i, row := range rows {
		values[i] = of(row)
	}
	return values
}
