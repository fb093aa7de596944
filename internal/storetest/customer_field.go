package storetest

import (
	"fmt"
	"strings"
	"testing"

	"clientele"
)

func customerFieldChecks() []check {
	return []check{
		{"EveryField_KeepsMissingEmptyAndTextApart", testEveryField},
		{"RawAndNormalisedAreKeptSideBySide", testNormalForms},
		{"NormalFormsFollowTheirOwnField", testNormalFormsFollow},
		{"EveryAddressText_KeepsMissingEmptyAndTextApart", testEveryAddressText},
		{"TextsComeBackByteForByte", testTexts},
	}
}

func testEveryField(t *testing.T, f *fixture) {
	missing, empty, text := clientele.Text{}, clientele.Some(""), clientele.Some("x")
	steps := []clientele.Text{empty, text, empty, missing, text, clientele.Some("X"), missing} // each step is a change
	for field := range clientele.AllFields.All {
		want := clientele.Details{}
		var v values = values{}
		for other := range clientele.AllFields.All { // the neighbours, which must stay
			if other != field {
				v[other] = clientele.Some(fmt.Sprintf("%s beside %s", other, field))
				*want.Of(other) = v[other]
			}
		}
		id := f.commitOne(t, create(f.project, 1, v), clientele.Created)
		for i, step := range steps {
			*want.Of(field) = step
			f.commitOne(t, update(f.project, i+2, id, values{field: step}), clientele.Updated)
			got := f.customer(t, f.project, id)
			wantSame(t, fmt.Sprintf("%s after %v", field, step), want, got.Details)
			if got.Version != int64(i)+2 {
				t.Errorf("version %d, want %d", got.Version, i+2)
			}
			f.commitOne(t, update(f.project, 99, id, values{field: step}), clientele.Unchanged)
		}
	}
}

// normalised is a patch with every normal form and flag there is.
func normalised(n int) clientele.Patch {
	p := values{
		clientele.FieldEmail: clientele.Some(fmt.Sprintf("Ada%d@EXAMPLE.com ", n)), clientele.FieldPhone: clientele.Some("(555) 010-0100"),
		clientele.FieldAltPhone: clientele.Some("555 0101"), clientele.FieldVATNumber: clientele.Some("pl 123-456"),
		clientele.FieldIP: clientele.Some("10.0.0.1"), clientele.FieldFax: clientele.Some("555 0102"),
	}.patch()
	p.Normal = clientele.Normal{
		EmailNormal: clientele.Some(fmt.Sprintf("ada%d@example.com", n)), PhoneE164: clientele.Some("+15550100100"),
		AltPhoneE164: clientele.Some("+15550101"), VATNormal: clientele.Some("PL123456"),
		Flags: clientele.EmailInvalid | clientele.PhoneInvalid | clientele.AltPhoneInvalid | clientele.VATInvalid |
			clientele.IPInvalid | clientele.IPPrivate,
	}
	return p
}

func testNormalForms(t *testing.T, f *fixture) {
	p := normalised(1)
	id := f.commitOne(t, customerWrite(f.project, 1, clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p}), clientele.Created)
	got := f.customer(t, f.project, id)
	wantSame(t, "raw", p.Details, got.Details)
	wantSame(t, "normal", p.Normal, got.Normal)
	for bit := clientele.Flags(1); bit <= clientele.IPPrivate; bit <<= 1 {
		p.Flags = bit
		id := f.commitOne(t, customerWrite(f.project, 1, clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p}), clientele.Created)
		if got := f.customer(t, f.project, id).Flags; got != bit {
			t.Errorf("flags = %b, want %b", got, bit)
		}
	}
}

func testNormalFormsFollow(t *testing.T, f *fixture) {
	p := normalised(1)
	id := f.commitOne(t, customerWrite(f.project, 1, clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p}), clientele.Created)
	want := p.Normal
	for i, step := range []struct {
		v     values
		apply func(*clientele.Normal)
	}{
		{values{clientele.FieldEmail: clientele.Some("odd")}, func(n *clientele.Normal) {
			n.EmailNormal, n.Flags = clientele.Text{}, n.Flags&^clientele.EmailInvalid
		}},
		{values{clientele.FieldPhone: {}}, func(n *clientele.Normal) {
			n.PhoneE164, n.Flags = clientele.Text{}, n.Flags&^clientele.PhoneInvalid
		}},
		{values{clientele.FieldAltPhone: clientele.Some("")}, func(n *clientele.Normal) {
			n.AltPhoneE164, n.Flags = clientele.Text{}, n.Flags&^clientele.AltPhoneInvalid
		}},
		{values{clientele.FieldVATNumber: clientele.Some("none")}, func(n *clientele.Normal) {
			n.VATNormal, n.Flags = clientele.Text{}, n.Flags&^clientele.VATInvalid
		}},
		{values{clientele.FieldIP: clientele.Some("192.0.2.1")}, func(n *clientele.Normal) {
			n.Flags &^= clientele.IPInvalid | clientele.IPPrivate
		}},
		{values{clientele.FieldFax: clientele.Some("new")}, func(*clientele.Normal) {}},
	} {
		step.apply(&want)
		f.commitOne(t, update(f.project, i+2, id, step.v), clientele.Updated)
		wantSame(t, fmt.Sprintf("normal forms after %v", step.v), want, f.customer(t, f.project, id).Normal)
	}
}

// texts are what partners send, and worse: every plane of Unicode, quotes of every language at hand, and length.
func texts() []string {
	list := []string{
		"", " ", "  leading and trailing  ", "\t\r\n", `"double" 'single' \back\ slash`, `'; DROP TABLE customer; --`,
		`{"json":"inside"}`, "<b>&amp;</b>", "null", "NULL", "0", "-1", "1e400", "%_*?[]", "\u0001\u001f\u007f", "\u2028\u2029",
		"Zażółć gęślą jaźń", "日本語の名前", "مرحبا بالعالم", "שלום", "e\u0301 is not \u00e9", "👩‍👩‍👧‍👦🏳️‍🌈", "\ufeffmark", "\ufffd", "\uffff",
		strings.Repeat("ü", 32*1024), strings.Repeat(`"`, 64*1024),
	}
	for plane := rune(0); plane <= 0x10; plane++ {
		list = append(list, string([]rune{plane<<16 | 0xE000, plane<<16 | 0xFFFD}))
	}
	return list
}

func testTexts(t *testing.T, f *fixture) {
	var writes []clientele.Write
	for i, s := range texts() {
		w := upsert(f.project, i, s, values{})
		for field := range clientele.AllFields.All {
			if field != clientele.FieldExternalID {
				w.Customer.Patch.Put(field, clientele.Some(s))
			}
		}
		w.Customer.Addresses = []clientele.Address{{AddressDetails: clientele.AddressDetails{City: clientele.Some(s)}}}
		writes = append(writes, w)
	}
	created := f.commit(t, writes...)
	for i, o := range f.commit(t, writes...) {
		if created[i].Result != clientele.Created || o.Result != clientele.Unchanged || o.SubjectID != created[i].SubjectID {
			t.Errorf("text %.40q: %s as %d, then %s as %d; want created, then unchanged", writes[i].Customer.Patch.ExternalID.V,
				created[i].Result, created[i].SubjectID, o.Result, o.SubjectID)
			continue
		}
		c, err := f.FindCustomerByExternalID(t.Context(), f.project, writes[i].Customer.Patch.ExternalID.V)
		if err != nil {
			t.Fatal(err)
		}
		if c.Details != writes[i].Customer.Patch.Details || c.Addresses[0].City != c.ExternalID {
			t.Errorf("text %.40q came back as %.40q", writes[i].Customer.Patch.ExternalID.V, c.Email.V)
		}
		wantSame(t, "replayed history", c, replay(t, f.changes(t, f.project, c.ID)))
	}
}
