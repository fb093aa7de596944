package dkhardware

import (
	"testing"
	"time"

	"clientele"
)

// sentCustomer is the example of the document (section "Create customer") with made-up values.
const sentCustomer = `{"firstName":"Some","lastName":"Person","email":"c1@example.com","company":"","phone":"14562356",` +
	`"altPhone":null,"fax":null,"addresses":[{"firstName":"Some","lastName":"Person","zip":"80911","country":"United States",` +
	`"state":"CO","city":"Colorado Springs","address1":"55 Some St","address2":null,"company":null,"phone":"56235776",` +
	`"altPhone":null,"fax":null,"isDefaultBilling":true,"isDefaultShipping":true}]}`

const sentUpdate = `{"customerId":"463118","lastName":"Baker","company":null,"phone":"14562356"}`

// TestBudget_Decode bounds what reading a submission allocates.
func TestBudget_Decode(t *testing.T) {
	create, update := []byte(sentCustomer), []byte(sentUpdate)
	for name, c := range map[string]struct {
		most float64
		do   func() error
	}{
		"create": {createBudget, func() error { _, _, err := decodeCreate(create); return err }},
		"update": {updateBudget, func() error { _, _, err := decodeUpdate(update); return err }},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { _ = c.do() }); n > c.most {
			t.Errorf("reading a %s allocates %.0f times, want %.0f at most", name, n, c.most)
		}
	}
}

// TestBudget_List holds that a customer of a list is written without allocating.
func TestBudget_List(t *testing.T) {
	details, addresses, err := decodeCreate([]byte(sentCustomer))
	if err != nil {
		t.Fatal(err)
	}
	c := clientele.Customer{ID: 463118, Details: details, Addresses: addresses, CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(2, 0)}
	b := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { b = appendCustomer(b[:0], &c) }); n > 0 {
		t.Errorf("writing a customer allocates %.0f times", n)
	}
}

func BenchmarkDecodeCreate(b *testing.B) {
	body := []byte(sentCustomer)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := decodeCreate(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendCustomer(b *testing.B) {
	details, addresses, err := decodeCreate([]byte(sentCustomer))
	if err != nil {
		b.Fatal(err)
	}
	c := clientele.Customer{ID: 463118, Details: details, Addresses: addresses, CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(2, 0)}
	buf := make([]byte, 0, 4096)
	for b.Loop() {
		buf = appendCustomer(buf[:0], &c)
	}
}
