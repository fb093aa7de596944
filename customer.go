package clientele

import (
	"math/bits"
	"time"
)

// Details are the facts about a customer that a partner or the operator states, raw, as they were sent.
type Details struct {
	// ExternalID is the partner's own id of the customer, unique in the project when set.
	ExternalID Text
	// ExternalNumber is a second id of the partner's, unique in the project when set.
	ExternalNumber Text
	FirstName      Text
	LastName       Text
	// Company is also the only name of a customer that has a single one.
	Company   Text
	Email     Text
	Phone     Text
	AltPhone  Text
	Fax       Text
	IP        Text
	VATNumber Text
	// Type is business, government, military or missing (DKHardware, section Type of Customer).
	Type Text
}

// Customer is one record of the book.
type Customer struct {
	ID        int64
	ProjectID int64
	Details
	Normal
	Addresses []Address
	// Source and CredentialID tell where the customer came from first.
	Source       Dialect
	CredentialID int64
	// Version is 1 when the customer is created and rises by one with each change.
	Version   int64
	CreatedAt time.Time
	// UpdatedAt never runs backwards, whatever the clock does.
	UpdatedAt time.Time
}

// Normal holds what was made of raw values: empty where nothing could be made of them.
type Normal struct {
	// EmailNormal is the address in lower case with an ASCII domain.
	EmailNormal Text
	// PhoneE164 and AltPhoneE164 are in E.164 form (+ and digits).
	PhoneE164    Text
	AltPhoneE164 Text
	// VATNormal is the number without blanks and punctuation, in upper case, valid or not.
	VATNormal Text
	Flags     Flags
}

// Flags mark raw values that were kept although something is odd about them.
type Flags uint32

// The flags. A value that is missing or empty has none.
const (
	EmailInvalid Flags = 1 << iota
	PhoneInvalid
	AltPhoneInvalid
	VATInvalid
	IPInvalid
	IPPrivate
)

// Has reports whether all of f are set.
func (s Flags) Has(f Flags) bool { return s&f == f }

// Field names one of the texts in Details.
type Field uint8

// The fields, in the order in which they are stored and shown.
const (
	FieldExternalID Field = iota
	FieldExternalNumber
	FieldFirstName
	FieldLastName
	FieldCompany
	FieldEmail
	FieldPhone
	FieldAltPhone
	FieldFax
	FieldIP
	FieldVATNumber
	FieldType

	numFields
)

var fieldNames = [numFields]string{
	"external_id", "external_number", "first_name", "last_name", "company", "email", "phone", "alt_phone", "fax",
	"ip", "vat_number", "type",
}

// String returns the field's name in change records and in the columns of the stores.
func (f Field) String() string { return fieldNames[f] }

// flagsOf are the flags that a field's value can raise.
var flagsOf = [numFields]Flags{
	FieldEmail:     EmailInvalid,
	FieldPhone:     PhoneInvalid,
	FieldAltPhone:  AltPhoneInvalid,
	FieldIP:        IPInvalid | IPPrivate,
	FieldVATNumber: VATInvalid,
}

// Fields is a set of Field.
type Fields uint32

// AllFields is the set of every field.
const AllFields Fields = 1<<numFields - 1

// FieldsOf returns the set of the given fields.
func FieldsOf(fields ...Field) Fields {
	var s Fields
	for _, f := range fields {
		s |= 1 << f
	}
	return s
}

// Has reports whether f is in the set.
func (s Fields) Has(f Field) bool { return s&(1<<f) != 0 }

// All calls yield with each field of the set, in order.
func (s Fields) All(yield func(Field) bool) {
	for s != 0 {
		f := Field(bits.TrailingZeros32(uint32(s)))
		if !yield(f) {
			return
		}
		s &= s - 1
	}
}

// Names returns the names of the fields in the set, in order.
func (s Fields) Names() []string {
	var names []string
	for f := range s.All {
		names = append(names, f.String())
	}
	return names
}

// Of returns the place of field f in d.
func (d *Details) Of(f Field) *Text {
	switch f {
	case FieldExternalID:
		return &d.ExternalID
	case FieldExternalNumber:
		return &d.ExternalNumber
	case FieldFirstName:
		return &d.FirstName
	case FieldLastName:
		return &d.LastName
	case FieldCompany:
		return &d.Company
	case FieldEmail:
		return &d.Email
	case FieldPhone:
		return &d.Phone
	case FieldAltPhone:
		return &d.AltPhone
	case FieldFax:
		return &d.Fax
	case FieldIP:
		return &d.IP
	case FieldVATNumber:
		return &d.VATNumber
	case FieldType:
		return &d.Type
	default:
		panic("clientele: no such field")
	}
}

// Patch is what a write states about a customer: the fields in Set take the values beside them (a missing text
// clears), every other field stays.
type Patch struct {
	Set Fields
	Details
	Normal
}

// Put states a value for field f.
func (p *Patch) Put(f Field, t Text) {
	*p.Of(f) = t
	p.Set |= 1 << f
}

// Apply gives c the values of p and returns the fields that are different now.
func (c *Customer) Apply(p *Patch) Fields {
	var changed Fields
	for f := range p.Set.All {
		from, to := p.Of(f), c.Of(f)
		if *from == *to {
			continue
		}
		*to = *from
		c.takeNormal(f, &p.Normal)
		changed |= 1 << f
	}
	return changed
}

// takeNormal replaces what was made of field f by what n holds of it.
func (c *Customer) takeNormal(f Field, n *Normal) {
	c.Flags = c.Flags&^flagsOf[f] | n.Flags&flagsOf[f]
	switch f {
	case FieldEmail:
		c.EmailNormal = n.EmailNormal
	case FieldPhone:
		c.PhoneE164 = n.PhoneE164
	case FieldAltPhone:
		c.AltPhoneE164 = n.AltPhoneE164
	case FieldVATNumber:
		c.VATNormal = n.VATNormal
	}
}

// appendMembers appends the given fields of c as the members of a JSON object that is open in b.
func (c *Customer) appendMembers(b []byte, s Fields) []byte {
	for f := range s.All {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.String()...), '"', ':')
		b = c.Of(f).AppendJSON(b)
	}
	return b
}

// stated returns the fields of c that are there.
func (c *Customer) stated() Fields {
	var s Fields
	for f := range AllFields.All {
		if c.Of(f).Valid {
			s |= 1 << f
		}
	}
	return s
}

// creationValues returns the Values of the change that created c.
func (c *Customer) creationValues() []byte {
	b := c.appendMembers(append(make([]byte, 0, 256), '{'), c.stated())
	if len(c.Addresses) > 0 {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = appendAddresses(append(b, `"addresses":`...), c.Addresses)
	}
	return append(b, '}')
}

// updateValues returns the Values of a change that gave the fields s their present values.
func (c *Customer) updateValues(s Fields) []byte {
	return append(c.appendMembers(append(make([]byte, 0, 128), '{'), s), '}')
}
