package transfer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/work"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// few makes a transfer take many small steps.
const few = 5

func mustCopy(t testing.TB, from, to book) []Report {
	t.Helper()
	reports, err := Copy(t.Context(), from, to, Options{Name: "the source", loadRows: few})
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

// TestCopy_ThereAndBack copies a book through every kind of store, and finds the same in each, as rows and as records.
func TestCopy_ThereAndBack(t *testing.T) {
	t.Parallel()
	first := newSQLite(t)
	f := fillWith(t, first, everyRune())
	want, wantRecords := mustCopy(t, first, newSQLite(t)), f.records(first)
	if len(want) != len(Tables) {
		t.Errorf("%d tables were copied, want %d", len(want), len(Tables))
	}
	for _, r := range want {
		if r.Rows < 2 && r.Table != "erasure_key" || r.Rows == 0 {
			t.Errorf("the fixture has %d rows in table %s: that shows nothing", r.Rows, r.Table)
		}
	}
	from := first
	for _, step := range []struct {
		name string
		to   book
	}{
		{"SQLite to PostgreSQL", newPostgres(t)},
		{"PostgreSQL to PostgreSQL in PgBouncer's mode", openPostgres(t, postgres.Options{URL: pgtest.New(t), PgBouncer: true})},
		{"PostgreSQL in PgBouncer's mode to SQLite", newSQLite(t)},
		{"SQLite to SQLite", newSQLite(t)},
	} {
		got := mustCopy(t, from, step.to)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: reports (-want +got):\n%s", step.name, diff)
		}
		if diff := gocmp.Diff(wantRecords, f.records(step.to), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", step.name, diff)
		}
		if arriving, err := step.to.Arriving(t.Context()); err != nil || arriving {
			t.Errorf("%s: still arriving afterwards: %t, %v", step.name, arriving, err)
		}
		from = step.to
	}
}

// records returns everything that the verbs of a store find, by what it is.
func (f *fixture) records(b book) map[string]any {
	f.t.Helper()
	ctx := f.t.Context()
	found := map[string]any{}
	keep := func(what string, v any, err error) {
		f.t.Helper()
		if err != nil {
			f.t.Fatalf("%s: %v", what, err)
		}
		found[what] = v
	}
	projects, err := b.ListProjects(ctx)
	keep("projects", projects, err)
	credentials, err := b.ListCredentials(ctx)
	keep("credentials", credentials, err)
	keys, err := b.ListSigningKeys(ctx)
	keep("signing keys", keys, err)
	campaigns, err := b.ListCampaigns(ctx)
	keep("campaigns", campaigns, err)
	publishers, err := b.ListPublishers(ctx)
	keep("publishers", publishers, err)
	for _, project := range f.projects {
		ids, _, err := b.FilterCustomers(ctx, clientele.CustomerFilter{ProjectID: project, Limit: 10_000})
		keep(fmt.Sprint("customers of ", project), ids, err)
		for _, id := range ids {
			c, err := b.FindCustomer(ctx, project, id)
			keep(fmt.Sprint("customer ", id), c, err)
			changes, err := b.ListChanges(ctx, project, clientele.SubjectCustomer, id)
			keep(fmt.Sprint("changes of customer ", id), lines(changes), err)
		}
		keep(fmt.Sprint("how customers are found in ", project), f.searched(b, project, ids), nil)
	}
	for i := range 12 {
		l, err := b.FindLead(ctx, f.projects[i%2], uuidOf(100+i))
		keep(fmt.Sprint("lead ", i), l, err)
	}
	for i := range 9 {
		s, err := b.FindSubmission(ctx, f.projects[i%2], uuidOf(i))
		keep(fmt.Sprint("submission ", i), s, err)
	}
	f.eventRecords(b, keep)
	f.erasureRecords(b, keep)
	return found
}

// searched makes a book's customers be found, and returns by what they are.
func (f *fixture) searched(b book, project int64, ids []int64) []clientele.SearchedCustomer {
	f.t.Helper()
	if _, err := (&work.CustomerTerms{Store: b}).Follow(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	list, err := b.LoadSearched(f.t.Context(), project, ids)
	if err != nil {
		f.t.Fatal(err)
	}
	var step clientele.TermStep
	step.Follow(list)
	if len(list) != len(ids) || len(list) > 0 && list[0].Kept == "" || len(step.Lists) > 0 {
		f.t.Errorf("%d of %d customers of project %d are searchable, and %d of them not as they are", len(list), len(ids), project, len(step.Lists))
	}
	slices.SortFunc(list, func(a, b clientele.SearchedCustomer) int { return cmp.Compare(a.Customer.ID, b.Customer.ID) })
	return list
}

// lines returns changes as texts, which are compared sooner than bytes.
func lines(changes []clientele.Change) []string {
	list := make([]string, len(changes))
	for i, c := range changes {
		list[i] = fmt.Sprintf("%d %d %s %s %v %s %s", c.Seq, c.SubjectID, c.Subject, c.Action, c.Origin, c.At, c.Values)
	}
	return list
}

// TestCopy_NewIDsLieAboveThoseThatArrived on both kinds of store, for everything that is numbered.
func TestCopy_NewIDsLieAboveThoseThatArrived(t *testing.T) {
	t.Parallel()
	from := newSQLite(t)
	fill(t, from)
	for name, to := range map[string]book{"SQLite": newSQLite(t), "PostgreSQL": newPostgres(t)} {
		mustCopy(t, from, to)
		before := largest(t, to)
		f := &fixture{t: t, book: to, projects: newProjects(t, to), texts: []string{"a", "b", "c", "d"}, n: 1000}
		f.customers()
		after := largest(t, to)
		for _, key := range []string{"project.id", "customer.id", "address.id", "change.seq"} {
			if before[key] == 0 || after[key] <= before[key] {
				t.Errorf("%s: %s was %d and is %d", name, key, before[key], after[key])
			}
		}
	}
}

func newProjects(t testing.TB, b book) (ids []int64) {
	t.Helper()
	for i := range 2 {
		p, err := b.CreateProject(t.Context(), clientele.Project{Name: fmt.Sprint("new ", i), TimeZone: "UTC"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	return ids
}

// largest returns the largest number in each table whose rows are numbered.
func largest(t testing.TB, b book) map[string]int64 {
	t.Helper()
	numbers := map[string]int64{}
	parts, _, err := plan(context.WithoutCancel(t.Context()), b, b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range parts {
		p := &parts[i]
		key, err := b.LastKey(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if len(key) == 1 {
			if n, ok := key[0].(int64); ok {
				name := p.Table + "." + p.Key[0]
				numbers[name] = max(numbers[name], n)
			}
		}
	}
	return numbers
}
