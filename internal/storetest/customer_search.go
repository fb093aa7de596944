package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/work"
)

func searchChecks() []check {
	return []check{
		{"FindsByTheBeginningOfWords", testSearchWords},
		{"FindsByEmailAndPhone", testSearchEmailPhone},
		{"FindsByWholeKeys", testSearchKeys},
		{"FollowsUpdates", testSearchFollowsUpdates},
		{"ScopeAlone_IsNewestFirst", testSearchScope},
		{"TextInAScope", testSearchTextInScope},
		{"PageByPage_IsTheWhole", testSearchPages},
		{"ForeignAreNeverFound", testSearchForeign},
		{"HostileTexts", testSearchHostile},
	}
}

// search returns what all pages of a search find that knows of all changes, whose limit is 2 unless stated.
func (f *fixture) search(t tester, q clientele.CustomerSearch) []int64 {
	t.Helper()
	f.followAll(t, &work.CustomerTerms{})
	if q.ProjectID == 0 {
		q.ProjectID = f.project
	}
	if q.Limit == 0 {
		q.Limit = 2
	}
	var all []int64
	for range 100 {
		hits, err := f.SearchCustomers(t.Context(), q)
		if err != nil {
			t.Fatalf("SearchCustomers(%+v): %v", q, err)
		}
		if len(hits.IDs) > q.Limit {
			t.Fatalf("a page of %d has %d customers", q.Limit, len(hits.IDs))
		}
		all = append(all, hits.IDs...)
		if q.After = hits.Next; q.After == nil {
			return all
		}
	}
	t.Fatalf("the search %+v does not end", q)
	return nil
}

func (f *fixture) wantFound(t tester, what string, q clientele.CustomerSearch, want ...int64) {
	t.Helper()
	wantSame(t, what, want, f.search(t, q))
}

// words searches for customers that have all the words.
func words(list ...string) clientele.CustomerSearch {
	var terms []string
	for _, word := range list {
		terms = append(terms, clientele.WordTerm(word))
	}
	return clientele.CustomerSearch{Terms: [][]string{terms}}
}

// person returns a write of a new customer with the names.
func person(project int64, n int, first, last, company string) clientele.Write {
	return create(project, n, values{
		clientele.FieldFirstName: clientele.NonEmpty(first), clientele.FieldLastName: clientele.NonEmpty(last),
		clientele.FieldCompany: clientele.NonEmpty(company),
	})
}

func testSearchWords(t *testing.T, f *fixture) {
	c := ids(f.commit(t,
		person(f.project, 1, "Jan", "Kowalski", ""), person(f.project, 2, "ANNA", "Kowalska", ""),
		person(f.project, 3, "Łucja", "Żółć-Nowak", ""), person(f.project, 4, "", "", "Kowal & Syn Sp. z o.o."),
		person(f.project, 5, "Anna", "Anna", "Anna")))
	for what, test := range map[string]struct {
		q    clientele.CustomerSearch
		want []int64
	}{
		"kowal":         {words("kowal"), []int64{c[3], c[1], c[0]}},
		"kowals":        {words("kowals"), []int64{c[1], c[0]}},
		"jan kowalski":  {words("jan", "kowalski"), []int64{c[0]}},
		"kowalski j":    {words("kowalski", "j"), []int64{c[0]}},
		"jan anna":      {words("jan", "anna"), nil},
		"anna":          {words("anna"), []int64{c[4], c[1]}},
		"zolc":          {words("zolc"), []int64{c[2]}},
		"nowak lucja":   {words("nowak", "lucja"), []int64{c[2]}},
		"syn":           {words("syn"), []int64{c[3]}},
		"owal":          {words("owal"), nil},
		"o":             {words("o"), []int64{c[3]}},
		"either":        {clientele.CustomerSearch{Terms: [][]string{{clientele.WordTerm("jan")}, {clientele.WordTerm("zolc")}}}, []int64{c[2], c[0]}},
		"no list":       {clientele.CustomerSearch{Terms: [][]string{}}, nil},
		"beyond ASCII":  {words("żółć"), nil}, // the caller folds
		"wild card":     {words("%"), nil},
		"an empty word": {words(""), []int64{c[4], c[3], c[2], c[1], c[0]}},
	} {
		f.wantFound(t, what, test.q, test.want...)
	}
}

func testSearchEmailPhone(t *testing.T, f *fixture) {
	contact := func(n int, email, normal, phone, e164 string) clientele.Write {
		w := create(f.project, n, values{
			clientele.FieldEmail: clientele.Some(email), clientele.FieldPhone: clientele.Some(phone), clientele.FieldAltPhone: clientele.Some("+1 (202) 555-01" + fmt.Sprint(n)),
		})
		w.Customer.Patch.EmailNormal, w.Customer.Patch.PhoneE164 = clientele.NonEmpty(normal), clientele.NonEmpty(e164)
		return w
	}
	c := ids(f.commit(t,
		contact(10, "Ada@Example.com", "ada@example.com", "+48 22 555 01 00", "+48225550100"),
		contact(11, "ada.berg@EXAMPLE.com", "ada.berg@example.com", "0048 22 555 01 01", "+48225550101"),
		contact(12, "Not An Address", "", "555-0199", "")))
	email := func(s string) clientele.CustomerSearch {
		return clientele.CustomerSearch{Terms: [][]string{{clientele.EmailTerm(s)}}}
	}
	phone := func(s string) clientele.CustomerSearch {
		return clientele.CustomerSearch{Terms: [][]string{{clientele.PhoneTerm(s)}}}
	}
	f.wantFound(t, "whole e-mail", email("ADA@example.com"), c[0])
	f.wantFound(t, "beginning of an e-mail", email("ada"), c[1], c[0])
	f.wantFound(t, "an e-mail that is none", email("notan"), c[2])
	f.wantFound(t, "whole phone", phone("+48 22 555-01-00"), c[0])
	f.wantFound(t, "with 00", phone("0048225550100"), c[0])
	f.wantFound(t, "beginning of a phone", phone("48 22"), c[1], c[0])
	f.wantFound(t, "a phone that is none", phone("5550199"), c[2])
	f.wantFound(t, "the other phone", phone("1202555011"), c[2], c[1], c[0])
	f.wantFound(t, "the end of a phone", phone("0100"))
	f.wantFound(t, "a phone is no word", words("48225550100"))
}

func testSearchKeys(t *testing.T, f *fixture) {
	c := ids(f.commit(t, registered(f.project, 1, "1", "N1", "BE1"), registered(f.project, 2, "2", "1", "BE2"),
		registered(f.project, 3, "3", "N3", "BE1"), registered(f.project, 4, "4", "N4", "BE1")))
	some := clientele.Some
	f.wantFound(t, "id", clientele.CustomerSearch{ID: c[1]}, c[1])
	f.wantFound(t, "no such id", clientele.CustomerSearch{ID: c[3] + 5})
	f.wantFound(t, "external id", clientele.CustomerSearch{ExternalID: some("2")}, c[1])
	f.wantFound(t, "not its beginning", clientele.CustomerSearch{ExternalID: some("")})
	f.wantFound(t, "id or number", clientele.CustomerSearch{ExternalID: some("1"), ExternalNumber: some("1")}, c[1], c[0])
	f.wantFound(t, "VAT", clientele.CustomerSearch{VATNormal: some("BE1")}, c[3], c[2], c[0])
	f.wantFound(t, "all at once, each once", clientele.CustomerSearch{
		ID: c[0], ExternalID: some("1"), ExternalNumber: some("N1"), VATNormal: some("BE1"), Terms: [][]string{{clientele.WordTerm("x")}},
	}, c[3], c[2], c[0])
}

func testSearchFollowsUpdates(t *testing.T, f *fixture) {
	outcomes := f.commit(t, upsert(f.project, 1, "a", values{clientele.FieldLastName: clientele.Some("Berg")}),
		upsert(f.project, 2, "a", values{clientele.FieldLastName: clientele.Some("Tal")}))
	id := outcomes[0].SubjectID
	f.wantFound(t, "changed in its first batch: old", words("berg"))
	f.wantFound(t, "changed in its first batch: new", words("tal"), id)
	f.commit(t, upsert(f.project, 3, "a", values{clientele.FieldLastName: clientele.Some("See"), clientele.FieldFirstName: clientele.Some("Tal")}),
		upsert(f.project, 4, "a", values{clientele.FieldLastName: clientele.Some("Meer"), clientele.FieldPhone: clientele.Some("+48 22 555 01 00")}))
	f.wantFound(t, "still there, elsewhere", words("tal"), id)
	f.wantFound(t, "between", words("see"))
	f.wantFound(t, "new", words("meer", "tal"), id)
	f.wantFound(t, "new phone", clientele.CustomerSearch{Terms: [][]string{{clientele.PhoneTerm("4822")}}}, id)
	f.commit(t, update(f.project, 5, id, values{clientele.FieldLastName: {}, clientele.FieldFirstName: {}, clientele.FieldPhone: {}}))
	f.wantFound(t, "cleared", words(""))
	f.wantFound(t, "cleared phone", clientele.CustomerSearch{Terms: [][]string{{clientele.PhoneTerm("4")}}})
	f.commit(t, update(f.project, 6, id, values{clientele.FieldLastName: clientele.Some("Berg")}))
	f.wantFound(t, "as in the beginning", words("berg"), id)
}

// scoped are customers of three ways at six moments.
func (f *fixture) scoped(t *testing.T) ([]int64, []clientele.CustomerOrigin) {
	t.Helper()
	origins := []clientele.CustomerOrigin{{Source: clientele.OPM, CredentialID: 1}, {Source: clientele.OPM, CredentialID: 2}, {Source: clientele.ViaCommand}}
	var writes []clientele.Write
	for i, second := range []int{3, 1, 2, 6, 5, 4} {
		w := person(f.project, second, []string{"Anna", "Jan"}[i%2], "", "")
		w.Origin.Dialect, w.Origin.CredentialID = origins[i%3].Source, origins[i%3].CredentialID
		writes = append(writes, w)
	}
	return ids(f.commit(t, writes...)), origins
}

func testSearchScope(t *testing.T, f *fixture) {
	c, o := f.scoped(t)
	scope := func(from, to int, origins ...clientele.CustomerOrigin) clientele.CustomerSearch {
		s := clientele.CustomerScope{Origins: origins}
		if from > 0 {
			s.From = at(from)
		}
		if to > 0 {
			s.To = at(to)
		}
		return clientele.CustomerSearch{CustomerScope: s}
	}
	f.wantFound(t, "all", scope(0, 0), c[3], c[4], c[5], c[0], c[2], c[1])
	f.wantFound(t, "from", scope(4, 0), c[3], c[4], c[5])
	f.wantFound(t, "to", scope(0, 2), c[2], c[1])
	f.wantFound(t, "a way", scope(0, 0, o[0]), c[3], c[0])
	f.wantFound(t, "two ways", scope(0, 0, o[0], o[1]), c[3], c[4], c[0], c[1])
	f.wantFound(t, "ways and dates", scope(3, 5, o...), c[4], c[5], c[0])
	f.wantFound(t, "another credential", scope(0, 0, clientele.CustomerOrigin{Source: clientele.OPM, CredentialID: 3}))
	f.wantFound(t, "another source", scope(0, 0, clientele.CustomerOrigin{Source: clientele.DKHardware, CredentialID: 1}))
}

func testSearchTextInScope(t *testing.T, f *fixture) {
	c, o := f.scoped(t)
	in := func(q clientele.CustomerSearch, s clientele.CustomerScope) clientele.CustomerSearch {
		q.CustomerScope = s
		return q
	}
	f.wantFound(t, "word", words("anna"), c[4], c[2], c[0]) // by id
	f.wantFound(t, "word of a way", in(words("anna"), clientele.CustomerScope{Origins: o[:1]}), c[0])
	f.wantFound(t, "word of ways and dates", in(words("a"), clientele.CustomerScope{Origins: o[1:], From: at(2), To: at(5)}), c[4], c[2])
	f.wantFound(t, "key out of the scope", in(clientele.CustomerSearch{ID: c[0]}, clientele.CustomerScope{Origins: o[1:]}))
	f.wantFound(t, "key in the scope", in(clientele.CustomerSearch{ID: c[0]}, clientele.CustomerScope{To: at(3)}), c[0])
}

func testSearchPages(t *testing.T, f *fixture) {
	const count = 7
	var writes []clientele.Write
	for i := range count {
		writes = append(writes, person(f.project, count-i, "Anna", fmt.Sprint("N", i%2), ""))
	}
	all := ids(f.commit(t, writes...))
	newest := slices.Clone(all)
	slices.Reverse(newest)
	for limit := 1; limit <= count+1; limit++ {
		byWord, byScope := words("anna"), clientele.CustomerSearch{}
		byWord.Limit, byScope.Limit = limit, limit
		f.wantFound(t, fmt.Sprintf("by word, %d a page", limit), byWord, newest...)
		f.wantFound(t, fmt.Sprintf("by date, %d a page", limit), byScope, all...)
	}
}

func testSearchForeign(t *testing.T, f *fixture) {
	w := registered(f.other, 1, "1", "N1", "BE1")
	w.Customer.Patch.Put(clientele.FieldLastName, clientele.Some("Kowalski"))
	foreign := f.commitOne(t, w, clientele.Created)
	some := clientele.Some
	f.wantFound(t, "word", words("kowal"))
	f.wantFound(t, "keys", clientele.CustomerSearch{ID: foreign, ExternalID: some("1"), ExternalNumber: some("N1"), VATNormal: some("BE1")})
	f.wantFound(t, "scope", clientele.CustomerSearch{CustomerScope: clientele.CustomerScope{Origins: []clientele.CustomerOrigin{{Source: clientele.OPM, CredentialID: 7}}}})
	f.wantFound(t, "its own", clientele.CustomerSearch{CustomerScope: clientele.CustomerScope{ProjectID: f.other}, Terms: words("kowal").Terms}, foreign)
}

func testSearchHostile(t *testing.T, f *fixture) {
	id := f.commitOne(t, person(f.project, 1, strings.Repeat("王", 3000), "' OR 1=1 --", strings.Repeat("a b c ", 5000)), clientele.Created)
	f.wantFound(t, "a long word", words(strings.Repeat("王", 13)), id)
	f.wantFound(t, "SQL", words("or", "1"), id)
	f.wantFound(t, "SQL again", words("' or 1=1 --"))
	long := clientele.Some(strings.Repeat("x", 5000))
	f.wantFound(t, "long keys", clientele.CustomerSearch{ExternalID: long, ExternalNumber: long, VATNormal: long})
	late := clientele.CustomerSearch{CustomerScope: clientele.CustomerScope{From: at(0).Add(time.Hour), To: at(0)}}
	f.wantFound(t, "an empty range", late)
}
