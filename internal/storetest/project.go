package storetest

import (
	"math"
	"testing"
	"time"

	"clientele"
)

func projectChecks() []check {
	return []check{
		{"Create_ReturnsItWithItsID", testCreateProject},
		{"Create_TakenNameIsConflict", testProjectNameTaken},
		{"Create_NamesAreExact", testProjectNamesAreExact},
		{"Find_UnknownIsNotFound", testFindUnknownProject},
		{"Find_ByID", testFindProjectByID},
		{"List_IsInOrderOfID", testListProjects},
		{"Ping_Answers", testPing},
		{"Close_TwiceIsFine", testCloseTwice},
		{"Close_EndsEverything", testUseAfterClose},
	}
}

func testCreateProject(t *testing.T, f *fixture) {
	want := clientele.Project{
		Name: `Ćmielów "Porcelain" & Søn's 🏺`, TimeZone: "America/Argentina/Buenos_Aires",
		CreatedAt: time.Date(2026, 3, 29, 1, 59, 59, 999_999_000, time.UTC),
	}
	got, err := f.CreateProject(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID <= 0 || got.ID == f.project || got.ID == f.other {
		t.Errorf("id = %d, want a new one above 0", got.ID)
	}
	want.ID = got.ID
	wantSame(t, "created", want, got)
	found, err := f.FindProject(t.Context(), want.Name)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "found", want, found)
	if found.CreatedAt.Location() != time.UTC {
		t.Errorf("created time is in %v, want UTC", found.CreatedAt.Location())
	}
}

func testProjectNameTaken(t *testing.T, f *fixture) {
	before, err := f.ListProjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.CreateProject(t.Context(), clientele.Project{Name: "Harbour Outfitters", TimeZone: "UTC", CreatedAt: at(1)})
	wantKind(t, "second project of a name", err, clientele.KindConflict)
	after, err := f.ListProjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "projects after the conflict", before, after)
	f.newProject(t, "Harbour Outfitters II") // the store goes on
}

func testProjectNamesAreExact(t *testing.T, f *fixture) {
	names := []string{"harbour outfitters", "Harbour Outfitters ", "Harbour  Outfitters", "Caf\u00e9", "Cafe\u0301"}
	for _, name := range names {
		f.newProject(t, name)
	}
	for _, name := range names {
		p, err := f.FindProject(t.Context(), name)
		if err != nil || p.Name != name {
			t.Errorf("FindProject(%q) = %q, %v", name, p.Name, err)
		}
	}
}

func testFindUnknownProject(t *testing.T, f *fixture) {
	for _, name := range []string{"", "Nobody", "harbour outfitters", "%", "' OR 1=1 --"} {
		_, err := f.FindProject(t.Context(), name)
		wantKind(t, "find "+name, err, clientele.KindNotFound)
	}
}

func testFindProjectByID(t *testing.T, f *fixture) {
	list, err := f.ListProjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range list {
		got, err := f.FindProjectByID(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, "project", want, got)
	}
	for _, id := range []int64{0, -1, 99, math.MaxInt64} {
		_, err := f.FindProjectByID(t.Context(), id)
		wantKind(t, "an unknown id", err, clientele.KindNotFound)
	}
}

func testListProjects(t *testing.T, f *fixture) {
	ids := []int64{f.project, f.other, f.newProject(t, "Zebra"), f.newProject(t, "Aardvark"), f.newProject(t, "middle")}
	list, err := f.ListProjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for i, p := range list {
		got = append(got, p.ID)
		if i > 0 && p.ID <= list[i-1].ID {
			t.Errorf("project %d comes after %d", p.ID, list[i-1].ID)
		}
	}
	wantSame(t, "ids", ids, got)
}

func testPing(t *testing.T, f *fixture) {
	if err := f.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

func testCloseTwice(t *testing.T, f *fixture) {
	if err := f.Close(); err != nil {
		t.Errorf("first Close: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func testUseAfterClose(t *testing.T, f *fixture) {
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Commit(t.Context(), []clientele.Write{upsert(f.project, 1, "a", email("ada@example.com"))}); err == nil {
		t.Error("Commit after Close succeeded")
	}
	if err := f.Ping(t.Context()); err == nil {
		t.Error("Ping after Close succeeded")
	}
	if _, err := f.FindProject(t.Context(), "Harbour Outfitters"); err == nil {
		t.Error("FindProject after Close succeeded")
	}
}
