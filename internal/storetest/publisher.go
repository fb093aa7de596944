package storetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/google/uuid"
)

func publisherChecks() []check {
	return []check{
		{"Create_ReturnsItWithItsID", testCreatePublisher},
		{"Create_TakenUUIDIsConflict", testPublisherUUIDTaken},
		{"Find_UnknownIsNotFound", testFindUnknownPublisher},
		{"List_IsInOrderOfID", testListPublishers},
		{"Pause_AndResume", testPausePublisher},
		{"Pause_UnknownIsNotFound", testPauseUnknownPublisher},
	}
}

// momentOrZero returns the nth moment; the zero time for 0.
func momentOrZero(n int) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return at(n)
}

func (f *fixture) newPublisher(t tester, name string) clientele.Publisher {
	t.Helper()
	p, err := f.CreatePublisher(t.Context(), clientele.Publisher{UUID: uuid.NewString(), Name: name, CreatedAt: at(1)})
	if err != nil {
		t.Fatalf("create publisher %q: %v", name, err)
	}
	return p
}

func (f *fixture) wantPublisher(t tester, want clientele.Publisher) {
	t.Helper()
	got, err := f.FindPublisher(t.Context(), want.UUID)
	if err != nil {
		t.Fatalf("FindPublisher: %v", err)
	}
	wantSame(t, "publisher", want, got)
}

func testCreatePublisher(t *testing.T, f *fixture) {
	first := f.newPublisher(t, "Kestrel Media")
	want := clientele.Publisher{UUID: uuid.NewString(), Name: "Żółw & 'co' \"x\"", CreatedAt: at(2), PausedAt: at(3)}
	got, err := f.CreatePublisher(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID <= 0 || got.ID == first.ID {
		t.Errorf("id = %d, want a new one above 0", got.ID)
	}
	want.ID = got.ID
	wantSame(t, "created", want, got)
	f.wantPublisher(t, want)
	f.wantPublisher(t, first)
	f.newPublisher(t, "Kestrel Media") // two may have one name
}

func testPublisherUUIDTaken(t *testing.T, f *fixture) {
	p := f.newPublisher(t, "Kestrel Media")
	again := p
	again.Name = "Merlin Media"
	_, err := f.CreatePublisher(t.Context(), again)
	wantKind(t, "a second publisher of a UUID", err, clientele.KindConflict)
	f.wantPublisher(t, p)
}

func testFindUnknownPublisher(t *testing.T, f *fixture) {
	p := f.newPublisher(t, "Kestrel Media")
	for _, id := range []string{"", "Kestrel Media", uuid.NewString(), strings.ToUpper(p.UUID), "%"} {
		_, err := f.FindPublisher(t.Context(), id)
		wantKind(t, "FindPublisher", err, clientele.KindNotFound)
	}
}

func testListPublishers(t *testing.T, f *fixture) {
	list, err := f.ListPublishers(t.Context())
	if err != nil || len(list) != 0 {
		t.Fatalf("in a new book: %v, %v", list, err)
	}
	want := []clientele.Publisher{f.newPublisher(t, "z"), f.newPublisher(t, "a"), f.newPublisher(t, "m")}
	if list, err = f.ListPublishers(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "publishers", want, list)
}

func testPausePublisher(t *testing.T, f *fixture) {
	p, bystander := f.newPublisher(t, "Kestrel Media"), f.newPublisher(t, "Merlin Media")
	for _, step := range []struct{ pause, want int }{{5, 5}, {9, 5}, {0, 0}, {0, 0}, {9, 9}} {
		if err := f.PausePublisher(t.Context(), p.ID, momentOrZero(step.pause)); err != nil {
			t.Fatalf("pause at %d: %v", step.pause, err)
		}
		p.PausedAt = momentOrZero(step.want)
		f.wantPublisher(t, p)
	}
	f.wantPublisher(t, bystander)
}

func testPauseUnknownPublisher(t *testing.T, f *fixture) {
	p := f.newPublisher(t, "Kestrel Media")
	for _, id := range []int64{0, -1, p.ID + 1, math.MaxInt64} {
		wantKind(t, "pause an unknown publisher", f.PausePublisher(t.Context(), id, at(5)), clientele.KindNotFound)
	}
	f.wantPublisher(t, p)
}
