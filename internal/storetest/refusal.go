package storetest

import (
	"fmt"
	"slices"
	"testing"

	"clientele"
)

func refusalChecks() []check {
	return []check{
		{"Put_KeepsEverything", testPutRefusals},
		{"Filters", testRefusalFilters},
		{"AFloodOfOneEvictsItsOwn", testRefusalFlood},
		{"Forget_TheOldest", testForgetRefusals},
	}
}

// wideBounds evict nothing.
var wideBounds = clientele.RefusalBounds{PerCaller: 100, Unknown: 100, Total: 1000}

// refusal returns the nth refused call, of a credential.
func refusal(n int, credential int64) clientele.Refusal {
	return clientele.Refusal{
		At: at(n), Dialect: clientele.OPM, CredentialID: credential, ProjectID: 1, Method: "POST", Route: "/entry", Target: "/entry",
		Status: 400, Kind: "invalid", RequestID: fmt.Sprint("r", n), BodyState: clientele.BodyNone,
	}
}

// stranger returns the nth refused call of somebody about whom nothing is known.
func stranger(n int) clientele.Refusal {
	r := refusal(n, 0)
	r.ProjectID = 0
	return r
}

func (f *fixture) putRefusals(t *testing.T, b clientele.RefusalBounds, list ...clientele.Refusal) {
	t.Helper()
	if err := f.PutRefusals(t.Context(), list, b); err != nil {
		t.Fatal(err)
	}
}

// wantRefusals compares request ids, the newest first, and returns what there is.
func (f *fixture) wantRefusals(t *testing.T, filter clientele.RefusalFilter, want ...string) []clientele.Refusal {
	t.Helper()
	if filter.Limit == 0 {
		filter.Limit = clientele.MaxPage
	}
	list, err := f.ListRefusals(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range list {
		got = append(got, list[i].RequestID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("filter %+v: %v, want %v", filter, got, want)
	}
	return list
}

func testPutRefusals(t *testing.T, f *fixture) {
	if id, err := f.NewestRefusal(t.Context()); id != 0 || err != nil {
		t.Errorf("the newest of none is %d, %v", id, err)
	}
	f.wantRefusals(t, clientele.RefusalFilter{})
	full := clientele.Refusal{
		At: at(1), Dialect: clientele.PrimeLead, CredentialID: 7, ProjectID: 3, Method: "POST", Route: "/api/v1/actions/{advertiserUUID}",
		Target: "/api/v1/actions/0123…?é=<b>", Status: 422, Kind: "invalid", Field: "contract", RequestID: "a", TraceID: "t",
		Media: "application/json; charset=utf-8", Body: "{\"a\":\"<script>\\u0000 Zażółć\"", BodyState: clientele.BodyCut, BodyBytes: 70000,
		Answer: `{"success":false}`, AnswerBytes: 17,
	}
	f.putRefusals(t, wideBounds, full, refusal(2, 0))
	list := f.wantRefusals(t, clientele.RefusalFilter{}, "r2", "a")
	if len(list) != 2 {
		t.FailNow()
	}
	full.ID = list[1].ID
	wantSame(t, "refusal", full, list[1])
	got, err := f.FindRefusal(t.Context(), full.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "refusal", full, got)
	if id, err := f.NewestRefusal(t.Context()); id != list[0].ID || err != nil || id <= full.ID {
		t.Errorf("the newest is %d, %v; want %d", id, err, list[0].ID)
	}
	if _, err := f.FindRefusal(t.Context(), list[0].ID+1); clientele.KindOf(err) != clientele.KindNotFound {
		t.Errorf("one that there is not: %v", err)
	}
}

func testRefusalFilters(t *testing.T, f *fixture) {
	list := []clientele.Refusal{refusal(0, 1), refusal(1, 0), refusal(2, 2), refusal(3, 1), refusal(4, 1)}
	list[2].Dialect, list[2].ProjectID = clientele.DKHardware, 2
	list[3].Status, list[3].Route = 503, "/ping"
	list[4].Status = 404
	f.putRefusals(t, wideBounds, list...)
	all := f.wantRefusals(t, clientele.RefusalFilter{}, "r4", "r3", "r2", "r1", "r0")
	for _, c := range []struct {
		filter clientele.RefusalFilter
		want   []string
	}{
		{clientele.RefusalFilter{CredentialID: 1}, []string{"r4", "r3", "r0"}},
		{clientele.RefusalFilter{Unknown: true}, []string{"r1"}},
		{clientele.RefusalFilter{ProjectID: 2}, []string{"r2"}},
		{clientele.RefusalFilter{ProjectID: 1, CredentialID: 2}, nil},
		{clientele.RefusalFilter{Dialect: clientele.OPM, Status: 4}, []string{"r4", "r1", "r0"}},
		{clientele.RefusalFilter{Status: 5}, []string{"r3"}},
		{clientele.RefusalFilter{Status: 404}, []string{"r4"}},
		{clientele.RefusalFilter{Route: "/ping"}, []string{"r3"}},
		{clientele.RefusalFilter{From: at(1), To: at(3)}, []string{"r2", "r1"}},
		{clientele.RefusalFilter{Limit: 2}, []string{"r4", "r3"}},
		{clientele.RefusalFilter{Limit: 2, Before: all[1].ID}, []string{"r2", "r1"}},
		{clientele.RefusalFilter{After: all[1].ID}, []string{"r4"}},
	} {
		f.wantRefusals(t, c.filter, c.want...)
	}
}

// testRefusalFlood: whoever floods the inbox, known or not, drops its own oldest and nobody else's.
func testRefusalFlood(t *testing.T, f *fixture) {
	b := clientele.RefusalBounds{PerCaller: 3, Unknown: 2, Total: 7}
	f.putRefusals(t, b, refusal(1, 1), refusal(2, 2), refusal(3, 0)) // the last without a key, as a postback
	for n := 10; n < 40; n++ {
		f.putRefusals(t, b, refusal(n, 2), stranger(n+100))
	}
	f.wantRefusals(t, clientele.RefusalFilter{CredentialID: 1}, "r1")
	f.wantRefusals(t, clientele.RefusalFilter{CredentialID: 2}, "r39", "r38", "r37")
	f.wantRefusals(t, clientele.RefusalFilter{Unknown: true}, "r139", "r138", "r3")
	var many []clientele.Refusal
	for n := range 9 { // many callers at once reach the bound of all
		many = append(many, refusal(200+n, int64(10+n)))
	}
	f.putRefusals(t, b, many...)
	f.wantRefusals(t, clientele.RefusalFilter{}, "r208", "r207", "r206", "r205", "r204", "r203", "r202")
}

func testForgetRefusals(t *testing.T, f *fixture) {
	f.putRefusals(t, wideBounds, refusal(3, 1), refusal(1, 1), refusal(2, 0))
	for _, want := range []int64{1, 1, 0} {
		if n, err := f.ForgetRefusals(t.Context(), at(3), 1); n != want || err != nil {
			t.Errorf("forgot %d, %v; want %d", n, err, want)
		}
	}
	f.wantRefusals(t, clientele.RefusalFilter{}, "r3")
}
