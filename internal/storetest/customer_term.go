package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/work"

	"pgregory.net/rapid"
)

func termChecks() []check {
	return []check{
		{"RandomWritesAreFound", testTermsModel},
		{"Commit_DoesNotMakeThem", testTermsAfterCommit},
		{"BrokenOff_GoesOn", testTermsBrokenOff},
		{"Step_TwiceIsOnce", testTermStepTwice},
		{"Erased_AreNotFound", testTermsForgotten},
		{"Place_TellsHowMuchIsMissing", testTermPlace},
	}
}

// followAll makes all customers be found as they are.
func (f *fixture) followAll(t tester, c *work.CustomerTerms) {
	t.Helper()
	if c.Store == nil {
		c.Store = f.Store
	}
	if _, err := c.Follow(t.Context()); err != nil {
		t.Fatalf("follow: %v", err)
	}
}

// found returns what the only page of a search find as far as the search has come.
func (f *fixture) found(t tester, q clientele.CustomerSearch) []int64 {
	t.Helper()
	q.ProjectID, q.Limit = max(q.ProjectID, f.project), clientele.MaxPage
	hits, err := f.SearchCustomers(t.Context(), q)
	if err != nil || hits.Next != nil {
		t.Fatalf("SearchCustomers(%+v): next %v, %v", q, hits.Next, err)
	}
	return hits.IDs
}

// termRun makes random writes of customers while two servers follow, each a little.
type termRun struct {
	f         *fixture
	ids       map[int64][]int64
	followers [2]work.CustomerTerms
}

// testTermsModel: whatever is written in whatever order, and however often somebody follows meanwhile, in the end every
// customer is found by its terms and by no others.
func testTermsModel(t *testing.T, f *fixture) {
	r := &termRun{f: f, ids: map[int64][]int64{}}
	r.followers[0].ReadAtOnce, r.followers[1].ReadAtOnce = 3, 7
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "rounds") {
			r.write(rt)
			if i := rapid.IntRange(-1, 1).Draw(rt, "who follows"); i >= 0 {
				f.followAll(rt, &r.followers[i])
			}
		}
		f.followAll(rt, &r.followers[0])
		r.compare(rt)
	})
}

var (
	someNames  = []string{"Anna", "Łucja", "Anna Maria", "Kowal & Syn", ""}
	someEmails = []string{"ada@example.com", "ben@example.com", ""}
	somePhones = []string{"+48 22 555 01 00", "+12025550101", ""}
)

func (r *termRun) write(rt *rapid.T) {
	var writes []clientele.Write
	for n := range rapid.IntRange(1, 8).Draw(rt, "writes") {
		project := rapid.SampledFrom([]int64{r.f.project, r.f.other}).Draw(rt, "project")
		v := values{}
		for field, texts := range map[clientele.Field][]string{
			clientele.FieldFirstName: someNames, clientele.FieldLastName: someNames, clientele.FieldCompany: someNames,
			clientele.FieldEmail: someEmails, clientele.FieldPhone: somePhones, clientele.FieldAltPhone: somePhones,
		} {
			if i := rapid.IntRange(-2, len(texts)-1).Draw(rt, field.String()); i >= 0 {
				v[field] = clientele.NonEmpty(texts[i])
			}
		}
		if known := r.ids[project]; len(known) > 0 && rapid.Bool().Draw(rt, "again") {
			writes = append(writes, update(project, n, rapid.SampledFrom(known).Draw(rt, "customer"), v))
		} else {
			writes = append(writes, create(project, n, v))
		}
	}
	for i, o := range r.f.commit(rt, writes...) {
		if o.Err != nil {
			rt.Fatalf("commit: %v", o.Err)
		}
		if o.Result == clientele.Created {
			r.ids[writes[i].ProjectID] = append(r.ids[writes[i].ProjectID], o.SubjectID)
		}
	}
}

// compare searches for what is a term of somebody, or was.
func (r *termRun) compare(rt *rapid.T) {
	terms := []string{
		clientele.WordTerm(""), clientele.WordTerm("anna"), clientele.WordTerm("maria"), clientele.WordTerm("lucja"),
		clientele.WordTerm("kowal"), clientele.WordTerm("s"), clientele.EmailTerm("ada@example.com"), clientele.EmailTerm("b"),
		clientele.PhoneTerm("4822555"), clientele.PhoneTerm("12025550101"),
	}
	for project, ids := range r.ids {
		customers, err := r.f.LoadCustomers(rt.Context(), project, ids)
		if err != nil || len(customers) != len(ids) {
			rt.Fatalf("%d of %d customers, %v", len(customers), len(ids), err)
		}
		for _, term := range terms {
			var want []int64
			for i := range customers {
				if slices.ContainsFunc(customers[i].Terms(), func(t string) bool { return strings.HasPrefix(t, term) }) {
					want = append(want, customers[i].ID)
				}
			}
			slices.SortFunc(want, func(a, b int64) int { return int(b - a) })
			q := clientele.CustomerSearch{CustomerScope: clientele.CustomerScope{ProjectID: project}, Terms: [][]string{{term}}, Limit: 100}
			var got []int64
			for {
				hits, err := r.f.SearchCustomers(rt.Context(), q)
				if err != nil {
					rt.Fatalf("search: %v", err)
				}
				got = append(got, hits.IDs...)
				if q.After = hits.Next; q.After == nil {
					break
				}
			}
			wantSame(rt, fmt.Sprintf("who has %q in project %d", term, project), want, got)
		}
	}
}

// testTermsAfterCommit: a write leaves the search alone, and keys find at once.
func testTermsAfterCommit(t *testing.T, f *fixture) {
	w := registered(f.project, 1, "1", "N1", "BE1")
	w.Customer.Patch.Put(clientele.FieldLastName, clientele.Some("Kowalski"))
	id := f.commitOne(t, w, clientele.Created)
	wantSame(t, "by a word", nil, f.found(t, words("kowalski")))
	wantSame(t, "by id", []int64{id}, f.found(t, clientele.CustomerSearch{ID: id}))
	wantSame(t, "by external id", []int64{id}, f.found(t, clientele.CustomerSearch{ExternalID: clientele.Some("1")}))
	f.followAll(t, &work.CustomerTerms{})
	wantSame(t, "by a word, a little later", []int64{id}, f.found(t, words("kowalski")))
}

// breaking is a store that fails after some steps.
type breaking struct {
	Store
	steps int
}

var errBroken = errors.New("the power is gone")

func (b *breaking) KeepTerms(ctx context.Context, step clientele.TermStep) (bool, error) {
	if b.steps--; b.steps < 0 {
		return false, errBroken
	}
	return b.Store.KeepTerms(ctx, step)
}

// testTermsBrokenOff: whoever comes after one who died goes on where that one stood.
func testTermsBrokenOff(t *testing.T, f *fixture) {
	const count = 5
	var writes []clientele.Write
	for n := range count {
		writes = append(writes, person(f.project, n, "Anna", "", ""))
	}
	all := ids(f.commit(t, writes...))
	slices.Reverse(all)
	first := work.CustomerTerms{Store: &breaking{f.Store, 2}, ReadAtOnce: 1}
	if _, err := first.Follow(t.Context()); !errors.Is(err, errBroken) {
		t.Fatalf("Follow = %v", err)
	}
	wantSame(t, "after two steps", all[count-2:], f.found(t, words("anna")))
	second := breaking{f.Store, count - 2}
	f.followAll(t, &work.CustomerTerms{Store: &second, ReadAtOnce: 1})
	wantSame(t, "in the end", all, f.found(t, words("anna")))
	if second.steps != 0 {
		t.Errorf("%d steps less than there was to do", second.steps)
	}
}

// testTermStepTwice: of several servers with the same step, or one from elsewhere, one has an effect.
func testTermStepTwice(t *testing.T, f *fixture) {
	id := f.commitOne(t, person(f.project, 1, "Anna", "", ""), clientele.Created)
	step := func(from, to int64, name, kept string) clientele.TermStep {
		s := clientele.TermStep{ProjectID: f.project, From: from, To: to}
		c := clientele.SearchedCustomer{Customer: clientele.Customer{ProjectID: f.project, ID: id}, Kept: kept}
		c.Customer.FirstName = clientele.Some(name)
		s.Follow([]clientele.SearchedCustomer{c})
		return s
	}
	for i, test := range []struct {
		step clientele.TermStep
		want bool
	}{
		{step(5, 9, "elsewhere", ""), false},
		{step(0, 7, "first", ""), true},
		{step(0, 7, "first", ""), false},
		{step(0, 8, "late", ""), false},
		{step(7, 9, "second", clientele.WordTerm("first")), true},
		{step(7, 9, "second", clientele.WordTerm("first")), false},
		{step(8, 10, "beside", clientele.WordTerm("second")), false},
	} {
		if done, err := f.KeepTerms(t.Context(), test.step); done != test.want || err != nil {
			t.Errorf("step %d: %t, %v; want %t", i, done, err, test.want)
		}
	}
	for _, name := range []string{"elsewhere", "first", "late", "beside"} {
		wantSame(t, name, nil, f.found(t, words(name)))
	}
	wantSame(t, "second", []int64{id}, f.found(t, words("second")))
}

// testTermsForgotten: nothing is left of one whose terms are forgotten, and of one who is not there.
func testTermsForgotten(t *testing.T, f *fixture) {
	c := ids(f.commit(t, person(f.project, 1, "Anna", "Berg", ""), person(f.project, 2, "Anna", "Tal", "")))
	f.followAll(t, &work.CustomerTerms{})
	if err := f.ForgetTerms(t.Context(), f.project, c[0]); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "after it", c[1:], f.found(t, words("anna")))
	list, err := f.LoadSearched(t.Context(), f.project, c)
	if err != nil || len(list) != 2 || list[0].Kept != "" || list[1].Kept == "" {
		t.Errorf("LoadSearched = %+v, %v", list, err)
	}
	f.commit(t, update(f.project, 3, c[0], values{clientele.FieldLastName: clientele.Some("See")}))
	f.followAll(t, &work.CustomerTerms{})
	wantSame(t, "after its next change", []int64{c[0]}, f.found(t, words("see", "anna")))
	if list, err = f.LoadSearched(t.Context(), f.project, nil); err != nil || len(list) != 0 {
		t.Errorf("LoadSearched of none = %+v, %v", list, err)
	}
	gone := c[1] + 1000
	if list, err = f.LoadSearched(t.Context(), f.project, []int64{gone}); err != nil || len(list) != 1 || list[0].Customer.ID != gone || len(list[0].Customer.Terms()) != 0 {
		t.Errorf("LoadSearched of nobody = %+v, %v", list, err)
	}
	if list, err = f.LoadSearched(t.Context(), f.other, c); err != nil || len(list) != 2 || list[0].Kept+list[1].Kept != "" || len(list[0].Customer.Terms()) != 0 {
		t.Errorf("LoadSearched in another project = %+v, %v", list, err)
	}
}

// testTermPlace counts what is not searchable yet: customers of this project.
func testTermPlace(t *testing.T, f *fixture) {
	want := func(what string, project int64, behind int) clientele.TermPlace {
		t.Helper()
		p, err := f.FindTermPlace(t.Context(), project)
		if err != nil || p.ProjectID != project || p.Behind != behind {
			t.Errorf("%s: %+v, %v; want %d behind", what, p, err, behind)
		}
		return p
	}
	want("before there is anything", f.project, 0)
	f.commit(t, person(f.project, 1, "Anna", "", ""), person(f.project, 2, "Jan", "", ""))
	want("with two", f.project, 2)
	want("in another project", f.other, 0)
	f.followAll(t, &work.CustomerTerms{})
	place := want("followed", f.project, 0)
	f.commit(t, person(f.other, 3, "Ewa", "", ""))
	want("with one elsewhere", f.project, 0)
	want("elsewhere", f.other, 1)
	list, err := f.ListTermPlaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "places", []clientele.TermPlace{{ProjectID: f.project, Seq: place.Seq}, {ProjectID: f.other}}, list)
}
