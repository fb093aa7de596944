package onlinewerkrooster

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"clientele"
)

// FuzzCustomer reads any body. What is accepted can be stored, has all that is required and survives being written and
// read once more; what is refused is answered with valid JSON that names at least one fault.
func FuzzCustomer(f *testing.F) {
	cases, err := os.ReadFile("testdata/contract/document.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, block := range strings.Split(string(cases), "\n\n") { // each body of the cases, and much that is none
		f.Add([]byte(block))
	}
	for _, body := range []string{
		"", " ", "null", "[]", `{}`, `{"extCustomerId":9999999999999999999}`, `{"extCustomerId":-1,"extCustomerNumber":null}`,
		`{"extCustomerId":1e3,"name":" "}`, `{"name":"\u0000","name":"x"}`, `{"address":{"city":"\ud83d"}}`, "\xef\xbb\xbf{}",
		`{"extCustomerId":1,"extCustomerNumber":"a\tb","name":"\ud83d\ude00","enterpriseNumber":"-","address":{"city":"x","street":""}}`,
		`{"extCustomerId":2,"extCustomerNumber":"b","name":"c","enterpriseNumber":"d","address":{"city":"e","streetNumber":"5"}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		details, address, err := readBody(body)
		if err != nil {
			checkRefused(t, err)
			return
		}
		checkAccepted(t, &details, address)
		if !bytes.Contains(body, []byte(details.ExternalID.V)) {
			t.Fatalf("id %q is not in the body digit for digit", details.ExternalID.V)
		}
		again, againAddress, err := readBody(appendCustomer(nil, &clientele.Customer{
			Details: details, Addresses: []clientele.Address{*address},
		}))
		if err != nil || again != details || againAddress.AddressDetails != address.AddressDetails {
			t.Fatalf("read %+v, %+v; as shown and read again %+v, %+v, %v", details, *address, again, againAddress, err)
		}
	})
}

func readBody(body []byte) (clientele.Details, *clientele.Address, error) {
	var d reader
	details, address := d.customer(body)
	return details, address, d.err()
}

func checkRefused(t *testing.T, err error) {
	t.Helper()
	var list faults
	if clientele.KindOf(err) != clientele.KindInvalid || !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("error %v names no fault", err)
	}
	var answer struct {
		Code   string
		Errors []struct{ Field, Message string }
	}
	e, _ := errors.AsType[*clientele.Error](err)
	text := errorBody(answers[clientele.KindInvalid], e)
	if err := json.Unmarshal(text, &answer); err != nil || !utf8.Valid(text) || answer.Code != "BAD_REQUEST" || len(answer.Errors) != len(list) {
		t.Fatalf("the answer is %s (%v)", text, err)
	}
	for _, one := range answer.Errors {
		if one.Field == "" || one.Message == "" {
			t.Fatalf("a fault without a name or a word: %s", text)
		}
	}
}

// checkAccepted holds what the rulings say of a body that is accepted.
func checkAccepted(t *testing.T, d *clientele.Details, a *clientele.Address) {
	t.Helper()
	for _, text := range []struct {
		name     string
		text     clientele.Text
		max      int
		required bool
	}{
		{"extCustomerId", d.ExternalID, 19, true},
		{"extCustomerNumber", d.ExternalNumber, 64, true},
		{"name", d.Company, 250, true},
		{"enterpriseNumber", d.VATNumber, 32, true},
		{"address.street", a.Street, 255, false},
		{"address.streetNumber", a.StreetNumber, 20, false},
		{"address.city", a.City, 255, true},
		{"address.postalCode", a.PostalCode, 50, false},
		{"address.country", a.Country, 150, false},
	} {
		if text.required && strings.TrimSpace(text.text.V) == "" {
			t.Fatalf("%s is missing", text.name)
		}
		if !utf8.ValidString(text.text.V) || strings.ContainsRune(text.text.V, 0) || utf8.RuneCountInString(text.text.V) > text.max {
			t.Fatalf("%s is %q", text.name, text.text.V)
		}
	}
	if id := d.ExternalID.V; strings.Trim(id, "0123456789") != "" || id[0] == '0' {
		t.Fatalf("id %q is no number from 1", id)
	}
}
