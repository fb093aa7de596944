package sqlite

import (
	"fmt"
	"testing"

	"clientele"
)

// BenchmarkCommit measures new customers a second, in batches of 256, each with its change record and what it is found by.
func BenchmarkCommit(b *testing.B) {
	s, project := newStore(b)
	const batch = 256
	n := 0
	for b.Loop() {
		writes := make([]clientele.Write, batch)
		for i := range writes {
			n++
			writes[i] = benchWrite(project, n)
		}
		mustCommit(b, s, writes...)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "customers/s")
}

// benchWrite returns the nth customer: names of a few hundred, the rest its own.
func benchWrite(project int64, n int) clientele.Write {
	first := []string{"Anna", "Jan", "Ewa", "Łukasz", "Maria", "Piotr", "Zoë", "Tomasz"}[n%8]
	last := fmt.Sprintf("Kowal%csk%c", 'a'+n%26, 'a'+n/26%26)
	w := upsert(project, fmt.Sprintf("c-%d", n*7919%10_000_000), fmt.Sprintf("%s.%s%d@example.com", first, last, n))
	p := &w.Customer.Patch
	p.Put(clientele.FieldFirstName, clientele.Some(first))
	p.Put(clientele.FieldLastName, clientele.Some(last))
	p.Put(clientele.FieldPhone, clientele.Some(fmt.Sprintf("+48 22 555 %04d", n%10000)))
	p.Put(clientele.FieldIP, clientele.Some("192.0.2.1"))
	p.EmailNormal, p.PhoneE164 = p.Email, clientele.Some(fmt.Sprintf("+48225%06d", n*31%1_000_000))
	return w
}
