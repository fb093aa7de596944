package sqlite

import (
	"fmt"
	"testing"

	"clientele"
)

// BenchmarkCommit measures new customers a second, in batches of 256, each with its change record.
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

// BenchmarkCommitOne measures customers a second that come one by one, each in a transaction of its own.
func BenchmarkCommitOne(b *testing.B) {
	s, project := newStore(b)
	n := 0
	for b.Loop() {
		n++
		mustCommit(b, s, benchWrite(project, n))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "customers/s")
}

// BenchmarkUpdate measures changes of customers that are there a second, in batches of 256, each with its change record.
func BenchmarkUpdate(b *testing.B) {
	s, project := newStore(b)
	const batch, customers = 256, 256 * 40
	n := 0
	next := func() []clientele.Write {
		writes := make([]clientele.Write, batch)
		for i := range writes {
			n++
			writes[i] = benchWrite(project, n%customers)
			writes[i].Customer.Patch.Put(clientele.FieldPhone, clientele.Some(fmt.Sprintf("+48 22 555 %04d %d", n%10000, n)))
		}
		return writes
	}
	for range customers / batch {
		mustCommit(b, s, next()...)
	}
	for b.Loop() {
		mustCommit(b, s, next()...)
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

// searchBook is how many customers BenchmarkSearchCustomers searches.
const searchBook = 1_000_000

// BenchmarkSearchCustomers measures searches of a large book, and making its search anew.
func BenchmarkSearchCustomers(b *testing.B) {
	s, project := newStore(b)
	for n := 0; n < searchBook; {
		writes := make([]clientele.Write, 2000)
		for i := range writes {
			n++
			writes[i] = benchWrite(project, n)
			writes[i].Origin.CredentialID = int64(n % 7)
		}
		mustCommit(b, s, writes...)
	}
	followAll(b, s)
	scope := clientele.CustomerScope{ProjectID: project}
	rare, broad := scope, scope
	rare.Origins = []clientele.CustomerOrigin{{Source: clientele.OPM, CredentialID: 99}}
	broad.Origins = []clientele.CustomerOrigin{{Source: clientele.OPM, CredentialID: 3}, {Source: clientele.OPM, CredentialID: 4}}
	word := func(words ...string) (list [][]string) {
		list = [][]string{{}}
		for _, w := range words {
			list[0] = append(list[0], clientele.WordTerm(w))
		}
		return list
	}
	for name, q := range map[string]clientele.CustomerSearch{
		"newest":               {CustomerScope: scope},
		"a broad word":         {CustomerScope: scope, Terms: word("a")},
		"two words":            {CustomerScope: scope, Terms: word("kowalcska", "anna")},
		"a rare word":          {CustomerScope: scope, Terms: word("kowalzskz")},
		"nobody":               {CustomerScope: scope, Terms: word("xyz")},
		"an e-mail":            {CustomerScope: scope, Terms: [][]string{{clientele.EmailTerm("anna.kowalisks8@")}}},
		"the oldest":           {CustomerScope: scope, Terms: [][]string{{clientele.EmailTerm("jan.kowalbska1@")}}},
		"two words nobody has": {CustomerScope: scope, Terms: word("anna", "jan")},
		"broad scope":          {CustomerScope: broad},
		"word in broad scope":  {CustomerScope: broad, Terms: word("anna")},
		"word in empty scope":  {CustomerScope: rare, Terms: word("anna")},
	} {
		q.Limit = 50
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				hits, err := s.SearchCustomers(b.Context(), q)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(hits.IDs)), "found")
			}
		})
	}
	b.Run("follow", func(b *testing.B) {
		for b.Loop() {
			for _, query := range []string{"DELETE FROM customer_term", "DELETE FROM customer_term_list", "DELETE FROM customer_term_place"} {
				if _, err := s.write.ExecContext(b.Context(), query); err != nil {
					b.Fatal(err)
				}
			}
			followAll(b, s)
		}
	})
}
