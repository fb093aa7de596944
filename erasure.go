package clientele

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// EraseWrite forgets one customer: the record, its addresses and every value in its history go, and with them what Rows
// names. What stays are the numbers, times and actions of the history, and an Erasure (docs/decisions/0011-erasure.md).
type EraseWrite struct {
	CustomerID int64
	// AskedBy says who wants it: AskedByCommand, AskedByRetention, or whatever names an operator without being personal.
	AskedBy string
	// UnchangedSince is when the customer has to have changed for the last time, at the latest: one that changed since stays, and
	// the result is Unchanged. Zero for whenever.
	UnchangedSince time.Time
	// Known are values that the person was known by before, besides the present ones: a late write with one of them is
	// recognised, too.
	Known []Identifier
	// IPs are addresses on the network that the person had before, besides the present one, as VisitorIP returns them.
	IPs []string
	// Rows are what else tells of the person. They are emptied also when the customer is gone already.
	Rows ErasedRows
}

// Who asks for erasures.
const (
	AskedByCommand   = "command"
	AskedByRetention = "retention"
)

// ErasedRows names rows that tell of a person beside the customer's own. They are looked for before, since finding them
// takes long.
type ErasedRows struct {
	// Submissions are UUIDs. One that waits fails with PersonErased; of every one the values go.
	Submissions []string
	// Calls are remembered calls, which are forgotten: they are refused for MaxIdempotencyAge when they are sent again.
	Calls []Idempotency
	// Deliveries are UUIDs: what their receivers answered goes.
	Deliveries []string
	// Refusals are ids of refused calls, which are deleted.
	Refusals []int64
}

// IsEmpty reports whether no row is named.
func (r *ErasedRows) IsEmpty() bool {
	return len(r.Submissions)+len(r.Calls)+len(r.Deliveries)+len(r.Refusals) == 0
}

// Erasure records that a customer was erased. It holds nothing personal.
type Erasure struct {
	ProjectID  int64
	CustomerID int64
	At         time.Time
	AskedBy    string
	// How much was emptied or deleted.
	Addresses, Changes, Submissions, Calls, Answers, Refusals int64
	// HeldBack counts writes from before the erasure that came later and were refused.
	HeldBack int64
	// ReturnedAs is the first customer that was created afterwards with something the erased one was known by; 0 for none.
	ReturnedAs int64
	ReturnedAt time.Time
}

// ErasureQuery selects the erasures of a project, the newest first.
type ErasureQuery struct {
	ProjectID int64
	// CustomerID selects one; 0 for all.
	CustomerID int64
	// Before selects those behind a place in the list, the next page: At and CustomerID of the last one seen.
	Before *Position
	// Limit is 1 to MaxPage.
	Limit int
}

// Position returns the place of the erasure in a list.
func (e *Erasure) Position() *Position { return &Position{At: e.At, ID: e.CustomerID} }

// IdentifierKind says what sort of value a person is known by.
type IdentifierKind byte

// The kinds of identifiers. Their values go into marks: they must not change.
const (
	IdentifiedByID     IdentifierKind = 'x' // the partner's id
	IdentifiedByNumber IdentifierKind = 'n' // the partner's number
	IdentifiedByEmail  IdentifierKind = 'e'
	IdentifiedByPhone  IdentifierKind = 'p'

	identifiedByCustomer IdentifierKind = 'c' // our id
	identifiedByCall     IdentifierKind = 'k' // a call's name
)

// Identifier is a value that a person is known by, in the form in which it is compared.
type Identifier struct {
	Kind  IdentifierKind
	Value string
}

// Mark stands for an identifier of somebody who was erased: an HMAC-SHA-256 under the key that the store keeps for it, cut to 16 bytes.
// Whoever has marks and not the key cannot try out addresses and numbers on them.
type Mark [16]byte

// ErasureKeyBytes is how long the key of the marks is.
const ErasureKeyBytes = 32

// MarkedErasure is an erasure that a mark belongs to.
type MarkedErasure struct {
	CustomerID int64
	At         time.Time
}

// marker makes marks.
type marker struct{ mac hash.Hash }

func newMarker(key []byte) *marker { return &marker{hmac.New(sha256.New, key)} }

func (m *marker) mark(project int64, i Identifier) (mark Mark) {
	m.mac.Reset()
	head := binary.BigEndian.AppendUint64([]byte{byte(i.Kind)}, uint64(project))
	m.mac.Write(head)
	m.mac.Write([]byte(i.Value))
	copy(mark[:], m.mac.Sum(nil))
	return mark
}

// MarksOf returns the marks of identifiers under a book's key.
func MarksOf(key []byte, project int64, ids []Identifier) []Mark {
	m := newMarker(key)
	marks := make([]Mark, len(ids))
	for i, id := range ids {
		marks[i] = m.mark(project, id)
	}
	return marks
}

// Identifiers returns what a person with these values is known by: the partner's ids as they are, the e-mail address in
// lower case, phone numbers by their digits. n may be what was made of the values, or nothing.
func Identifiers(d *Details, n *Normal) []Identifier {
	list := make([]Identifier, 0, 6)
	add := func(kind IdentifierKind, value string) {
		if value != "" {
			list = append(list, Identifier{kind, value})
		}
	}
	add(IdentifiedByID, d.ExternalID.V)
	add(IdentifiedByNumber, d.ExternalNumber.V)
	add(IdentifiedByEmail, EmailTerm(either(n.EmailNormal, d.Email)))
	for _, phone := range [...][2]Text{{n.PhoneE164, d.Phone}, {n.AltPhoneE164, d.AltPhone}} {
		for _, form := range phone {
			if digits := digitsOf(form.V); len(digits) >= minPhoneDigits {
				add(IdentifiedByPhone, digits)
			}
		}
	}
	return list
}

// minPhoneDigits is how many digits a number has at least that names somebody.
const minPhoneDigits = 6

func digitsOf(s string) string {
	var digits []byte
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			digits = append(digits, s[i])
		}
	}
	return string(digits)
}

// VisitorIP returns an address on the network, as a partner stated it, in the form that visits have it in: blanks around it and its
// zone aside, IPv6 in its shortest form, IPv4 in IPv6 as IPv4. Empty for what is no address.
func VisitorIP(stated string) string {
	addr, err := netip.ParseAddr(strings.TrimSpace(stated))
	if err != nil {
		return ""
	}
	return addr.WithZone("").Unmap().String()
}

func customerIdentifier(id int64) Identifier {
	return Identifier{identifiedByCustomer, strconv.FormatInt(id, 10)}
}

// callIdentifier names a call by its credential and its key.
func callIdentifier(i *Idempotency) Identifier {
	return Identifier{identifiedByCall, strconv.FormatInt(i.CredentialID, 10) + " " + i.Key}
}
