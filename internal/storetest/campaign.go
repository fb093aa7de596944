package storetest

import (
	"math"
	"strings"
	"testing"

	"clientele"

	"github.com/google/uuid"
)

func campaignChecks() []check {
	return []check{
		{"Create_ReturnsItWithItsID", testCreateCampaign},
		{"Create_TakenUUIDIsConflict", testCampaignUUIDTaken},
		{"Find_UnknownIsNotFound", testFindUnknownCampaign},
		{"List_IsInOrderOfID", testListCampaigns},
		{"Pause_AndResume", testPauseCampaign},
		{"Pause_UnknownAndForeignAreNotFound", testPauseUnknownCampaign},
	}
}

func (f *fixture) newCampaign(t tester, project int64, name string) clientele.Campaign {
	t.Helper()
	c, err := f.CreateCampaign(t.Context(), clientele.Campaign{
		ProjectID: project, UUID: uuid.NewString(), Name: name, LandingURL: "https://shop.example.com/" + name, CreatedAt: at(1),
	})
	if err != nil {
		t.Fatalf("create campaign %q: %v", name, err)
	}
	return c
}

func (f *fixture) wantCampaign(t tester, want clientele.Campaign) {
	t.Helper()
	got, err := f.FindCampaign(t.Context(), want.UUID)
	if err != nil {
		t.Fatalf("FindCampaign: %v", err)
	}
	wantSame(t, "campaign", want, got)
}

func testCreateCampaign(t *testing.T, f *fixture) {
	first := f.newCampaign(t, f.project, "spring")
	want := clientele.Campaign{
		ProjectID: f.other, UUID: uuid.NewString(), Name: "Żółw & 'co' \"x\"", LandingURL: "https://shop.example.com/?a=%20&b='#c",
		CreatedAt: at(2), PausedAt: at(3),
	}
	got, err := f.CreateCampaign(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID <= 0 || got.ID == first.ID {
		t.Errorf("id = %d, want a new one above 0", got.ID)
	}
	want.ID = got.ID
	wantSame(t, "created", want, got)
	f.wantCampaign(t, want)
	f.wantCampaign(t, first)
	f.newCampaign(t, f.project, "spring") // two may have one name
}

func testCampaignUUIDTaken(t *testing.T, f *fixture) {
	c := f.newCampaign(t, f.project, "spring")
	again := c
	again.Name = "summer"
	_, err := f.CreateCampaign(t.Context(), again)
	wantKind(t, "a second campaign of a UUID", err, clientele.KindConflict)
	f.wantCampaign(t, c)
}

func testFindUnknownCampaign(t *testing.T, f *fixture) {
	c := f.newCampaign(t, f.project, "spring")
	for _, id := range []string{"", "spring", uuid.NewString(), strings.ToUpper(c.UUID), "%"} {
		_, err := f.FindCampaign(t.Context(), id)
		wantKind(t, "FindCampaign", err, clientele.KindNotFound)
	}
}

func testListCampaigns(t *testing.T, f *fixture) {
	list, err := f.ListCampaigns(t.Context())
	if err != nil || len(list) != 0 {
		t.Fatalf("in a new book: %v, %v", list, err)
	}
	want := []clientele.Campaign{
		f.newCampaign(t, f.project, "z"), f.newCampaign(t, f.other, "a"), f.newCampaign(t, f.project, "m"),
	}
	if list, err = f.ListCampaigns(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "campaigns", want, list)
}

func testPauseCampaign(t *testing.T, f *fixture) {
	c, bystander := f.newCampaign(t, f.project, "spring"), f.newCampaign(t, f.project, "summer")
	for _, step := range []struct{ pause, want int }{{5, 5}, {9, 5}, {0, 0}, {0, 0}, {9, 9}} {
		err := f.PauseCampaign(t.Context(), f.project, c.ID, momentOrZero(step.pause))
		if err != nil {
			t.Fatalf("pause at %d: %v", step.pause, err)
		}
		c.PausedAt = momentOrZero(step.want)
		f.wantCampaign(t, c)
	}
	f.wantCampaign(t, bystander)
}

func testPauseUnknownCampaign(t *testing.T, f *fixture) {
	c := f.newCampaign(t, f.project, "spring")
	for _, id := range []int64{0, -1, c.ID + 1, math.MaxInt64} {
		wantKind(t, "pause an unknown campaign", f.PauseCampaign(t.Context(), f.project, id, at(5)), clientele.KindNotFound)
	}
	for _, n := range []int{0, 5} {
		wantKind(t, "pause another project's", f.PauseCampaign(t.Context(), f.other, c.ID, momentOrZero(n)), clientele.KindNotFound)
	}
	f.wantCampaign(t, c)
}
