package transfer

import (
	"testing"

	"clientele"
)

// TestCopy_NumbersOfTheErasedStayUsed: a customer who is created after a copy does not get the number of one who was erased
// before it, were it the last that the source gave out.
func TestCopy_NumbersOfTheErasedStayUsed(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]book{
		"SQLite to SQLite":         {newSQLite(t), newSQLite(t)},
		"SQLite to PostgreSQL":     {newSQLite(t), newPostgres(t)},
		"PostgreSQL to SQLite":     {newPostgres(t), newSQLite(t)},
		"PostgreSQL to PostgreSQL": {newPostgres(t), newPostgres(t)},
	} {
		t.Run(name, func(t *testing.T) {
			f := newErasing(t, pair[0])
			f.newcomer("1")
			erased := f.newcomer("2")
			f.erase(erased)
			mustCopy(t, pair[0], pair[1])
			f.book = pair[1]
			if next := f.newcomer("3"); next <= erased {
				t.Errorf("customer %d was created after %d was erased", next, erased)
			}
		})
	}
}

// TestNumberings_NameTheErased: the number of an erased customer counts as there, so that a book in which it would be given out
// again is found out.
func TestNumberings_NameTheErased(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]book{"SQLite": newSQLite(t), "PostgreSQL": newPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			f := newErasing(t, b)
			erased := f.newcomer("1")
			f.erase(erased)
			list, err := b.ListNumberings(t.Context())
			f.must(err)
			for _, n := range list {
				if n.Table == "customer" && (n.Highest != erased || n.Given < erased) {
					t.Errorf("the numbering of customers is %+v after customer %d was erased", n, erased)
				}
			}
		})
	}
}

// erasing is a book with one project, in which customers are created and erased.
type erasing struct{ fixture }

func newErasing(t *testing.T, b book) *erasing {
	t.Helper()
	f := &erasing{fixture{t: t, book: b}}
	p, err := b.CreateProject(t.Context(), clientele.Project{Name: "shop", TimeZone: "UTC", CreatedAt: f.moment()})
	f.must(err)
	f.must(b.EnsureErasureKey(t.Context(), make([]byte, 32), f.moment()))
	f.projects = []int64{p.ID}
	return f
}

func (f *erasing) newcomer(externalID string) int64 {
	f.t.Helper()
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(externalID))
	w := &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p}
	return f.commit(clientele.Write{ProjectID: f.projects[0], Customer: w})[0].SubjectID
}

func (f *erasing) erase(customer int64) {
	f.t.Helper()
	f.commit(clientele.Write{ProjectID: f.projects[0], Erase: &clientele.EraseWrite{CustomerID: customer, AskedBy: clientele.AskedByCommand}})
}
