package clientele_test

import (
	"fmt"
	"strings"
	"testing"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

// payloads are writes as submissions keep them.
func payloads() []clientele.CustomerWrite {
	full := clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: 1<<63 - 1}
	for i, s := range quotes[:16] { // what JSON can hold
		full.Patch.Put(clientele.Field(i%len(allFields)), clientele.Some(s))
	}
	cleared := clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: -1}
	for _, f := range allFields {
		cleared.Patch.Put(f.field, clientele.Text{})
	}
	var a clientele.Address
	for i, place := range a.Texts() {
		*place.Text = clientele.Some(fmt.Sprintf("%s \"%d\"", place.Name, i))
	}
	a.ID, a.IsDefaultBilling = 12, true
	partly := clientele.Address{IsDefaultShipping: true}
	partly.City, partly.State = clientele.Some(""), clientele.Some("TX")
	addressed := clientele.CustomerWrite{Mode: clientele.CreateCustomer, Addresses: []clientele.Address{a, {}, partly}}
	return []clientele.CustomerWrite{{}, full, cleared, addressed}
}

func TestPayload_ComesBack(t *testing.T) {
	for i, want := range payloads() {
		payload := want.AppendPayload([]byte("kept "))
		text, ok := strings.CutPrefix(string(payload), "kept ")
		if !ok {
			t.Fatalf("write %d: what was there is gone: %s", i, payload)
		}
		got, err := clientele.ReadPayload([]byte(text))
		if err != nil {
			t.Fatalf("write %d: %v in %s", i, err, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("write %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestReadPayload_RefusesWhatItDoesNotKnow(t *testing.T) {
	for _, payload := range []string{
		"", "null x", "[]", `{"set":{"nickname":"x"}}`, `{"set":{"email":7}}`, `{"mode":"upsert"}`, `{"addresses":[{"city":7}]}`,
		`{"addresses":[{"id":"x"}]}`,
	} {
		if w, err := clientele.ReadPayload([]byte(payload)); err == nil {
			t.Errorf("%s was read as %+v", payload, w)
		}
	}
}
