package dkhardware

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clientele"

	"pgregory.net/rapid"
)

func TestDisplay(t *testing.T) {
	for name, want := range map[string]string{
		"customerId": "Customer Id", "address1": "Address1", "altPhone": "Alt Phone", "email": "Email",
		"isDefaultBilling": "Is Default Billing", "basedOnCreatedDate": "Based On Created Date",
	} {
		if got := display(pascal(name)); got != want {
			t.Errorf("%s is displayed as %q, want %q", name, got, want)
		}
	}
}

func TestLastName(t *testing.T) {
	for path, want := range map[string]string{"Email": "Email", "Addresses[12].Zip": "Zip", "Addresses[0]": "Addresses"} {
		if got := lastName(path); got != want {
			t.Errorf("last name of %s is %q, want %q", path, got, want)
		}
	}
}

// TestCursor_IsReadBackInItsOwnList holds that a cursor leads back to its position in its list, to none in another, and that
// no text with another byte is a cursor.
func TestCursor_IsReadBackInItsOwnList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) clientele.CustomerQuery {
			return clientele.CustomerQuery{
				ProjectID: rapid.Int64Range(1, 3).Draw(t, name+" project"), Newest: rapid.Bool().Draw(t, name+" newest"),
				ByCreated: rapid.Bool().Draw(t, name+" by created"),
			}
		}
		q, other := draw("one"), draw("other")
		p := clientele.Position{
			At: time.UnixMicro(rapid.Int64().Draw(t, "at")).UTC(), ID: rapid.Int64Range(1, math.MaxInt64).Draw(t, "id"),
		}
		text := writeCursor(&q, p)
		if got := readCursor(text, &q); got == nil || !got.At.Equal(p.At) || got.ID != p.ID {
			t.Fatalf("cursor of %+v is read as %+v", p, got)
		}
		if got := readCursor(text, &other); (got != nil) != (q == other) {
			t.Fatalf("cursor of %+v is read in %+v as %+v", q, other, got)
		}
		i := rapid.IntRange(0, len(text)-1).Draw(t, "place")
		letter := rapid.SampledFrom([]byte("ABYZaz09_-=+/ ")).Draw(t, "letter")
		if changed := text[:i] + string(letter) + text[i+1:]; changed != text && readCursor(changed, &q) != nil {
			t.Fatalf("%s, which is %s with another byte, is a cursor", changed, text)
		}
	})
}

func TestCursor_OfALaterVersionIsNone(t *testing.T) {
	q := clientele.CustomerQuery{ProjectID: 1}
	b := append([]byte{cursorVersion + 1}, appendPosition(nil, &q, clientele.Position{ID: 1})[1:]...)
	if p := readCursor(base64.RawURLEncoding.EncodeToString(append(b, cursorSum(&q, b)...)), &q); p != nil {
		t.Errorf("it leads to %+v", p)
	}
}

// FuzzCreate holds that a body is either refused, with faults that name a field each, or within the limits of the contract.
func FuzzCreate(f *testing.F) {
	for _, body := range []string{
		`{"firstName":"A","lastName":"B","email":"a@example.com","customerType":"business","addresses":[{"firstName":"A"}]}`,
		`{"firstName":null,"email":"\u0000@","addresses":[null,[],{"isDefaultBilling":"x"}]}`, `[]`, `{`, ``,
		`{"firstName":"A","lastName":"B","email":"a@b","addresses":[{"firstName":"A","lastName":"B","zip":"1","country":"C",` +
			`"state":"S","city":"C","address1":"1","isDefaultShipping":true}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, addresses, err := decodeCreate(body)
		if err != nil {
			checkFaults(t, err)
			return
		}
		for field, limit := range map[clientele.Field]int{
			clientele.FieldFirstName: 150, clientele.FieldLastName: 150, clientele.FieldCompany: 250, clientele.FieldPhone: 50,
			clientele.FieldAltPhone: 50, clientele.FieldFax: 50, clientele.FieldEmail: 100, clientele.FieldType: 20,
		} {
			checkText(t, field.String(), *d.Of(field), limit)
		}
		if strings.TrimSpace(d.FirstName.V) == "" || strings.TrimSpace(d.LastName.V) == "" || strings.Count(d.Email.V, "@") != 1 {
			t.Errorf("accepted: %+v", d)
		}
		billing := 0
		for i := range addresses {
			for _, text := range addresses[i].Texts() {
				checkText(t, text.Name, *text.Text, 255)
			}
			if addresses[i].IsDefaultBilling {
				billing++
			}
		}
		if billing > 1 || len(addresses) > maxAddresses {
			t.Errorf("accepted: %d addresses, %d of them default", len(addresses), billing)
		}
	})
}

// FuzzUpdate holds the same of an update.
func FuzzUpdate(f *testing.F) {
	for _, body := range []string{
		`{"customerId":"463118","firstName":"A","company":null,"altPhone":""}`, `{"customerId":1e9}`, `{"customerId":-0}`,
		`{"customerId":"1","addresses":[ ],"email":" "}`, `null`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		target, patch, err := decodeUpdate(body)
		if err != nil {
			checkFaults(t, err)
			return
		}
		checkText(t, "target", clientele.Some(target), 64)
		for field := range patch.Set.All {
			checkText(t, field.String(), *patch.Of(field), 250)
		}
		if patch.Set.Has(clientele.FieldFirstName) && strings.TrimSpace(patch.FirstName.V) == "" ||
			patch.Set.Has(clientele.FieldEmail) || target == "" {
			t.Errorf("accepted: %q, %+v", target, patch)
		}
	})
}

// FuzzQuery holds that a query is either refused or within the limits of the document.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{
		"from=2022-03-11T22:15:59Z&to=2022-03-13", "limit=1000&offset=9999999999999999999&newest=TRUE", "from=&from=", "a%zz=1;&=",
		"from=9999-12-31T23:59:59-23:59&to=0000-01-01", "limit=%2B7",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		var list faults
		q := parseParameters(query).query(1, &list)
		if err := list.err(); err != nil {
			checkFaults(t, err)
			return
		}
		if q.Limit < 1 || q.Limit > clientele.MaxPage || q.Offset < 0 || !q.From.IsZero() && !q.To.IsZero() && q.From.After(q.To) {
			t.Errorf("%s is read as %+v", query, q)
		}
	})
}

// FuzzCursor holds that a text is either no cursor, or the very one that is written for the position that it leads to.
func FuzzCursor(f *testing.F) {
	q := clientele.CustomerQuery{ProjectID: 1, Newest: true}
	good := writeCursor(&q, clientele.Position{At: time.UnixMicro(1).UTC(), ID: 7})
	for _, text := range []string{good, "", good[1:], good + "=", good[:8] + "\n" + good[8:], strings.ToLower(good)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p := readCursor(text, &q); p != nil && writeCursor(&q, *p) != text {
			t.Errorf("%q is a cursor, and written %q", text, writeCursor(&q, *p))
		}
	})
}

func checkFaults(t *testing.T, err error) {
	t.Helper()
	list, ok := errors.AsType[faults](err)
	if !ok || clientele.KindOf(err) != clientele.KindInvalid {
		t.Fatalf("refused with %v", err)
	}
	seen := map[string]bool{}
	for _, one := range list {
		if one.path == "" || len(one.messages) == 0 || seen[one.path] {
			t.Errorf("faults %+v", list)
		}
		seen[one.path] = true
	}
}

func checkText(t *testing.T, name string, text clientele.Text, limit int) {
	t.Helper()
	if utf8.RuneCountInString(text.V) > limit || strings.Contains(text.V, "\x00") || !utf8.ValidString(text.V) {
		t.Errorf("accepted as %s: %q", name, text.V)
	}
}
