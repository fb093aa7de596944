package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"clientele"
)

func trafficChecks() []check {
	return []check{
		{"CallCounts_AddUp", testCallCounts},
		{"CallCounts_OfServersAtOnce", testCallCountsAtOnce},
		{"CallCounts_Forget", testForgetCallCounts},
		{"NewestChanges", testNewestChanges},
		{"WaitingSubmissions_AreCounted", testCountWaitingSubmissions},
	}
}

func callCount(project int64, minute int, o clientele.CallOutcome, calls int64) clientele.CallCount {
	return clientele.CallCount{
		Span: time.Minute, At: at(0).Truncate(time.Minute).Add(time.Duration(minute) * time.Minute), ProjectID: project,
		Dialect: clientele.OPM, Outcome: o, Calls: calls,
	}
}

func (f *fixture) addCalls(t *testing.T, counts ...clientele.CallCount) {
	t.Helper()
	if err := f.AddCallCounts(t.Context(), counts); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) wantCalls(t *testing.T, q clientele.CallQuery, want ...clientele.CallCount) {
	t.Helper()
	got, err := f.ListCallCounts(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "counts", want, got)
}

func testCallCounts(t *testing.T, f *fixture) {
	hour := callCount(0, 0, clientele.CallCreated, 5)
	hour.Span = time.Hour
	nobody := callCount(0, 1, clientele.CallRefused, 1)
	nobody.Dialect = ""
	f.addCalls(t, callCount(0, 0, clientele.CallCreated, 5), callCount(f.project, 0, clientele.CallCreated, 2), hour)
	f.addCalls(t, callCount(0, 2, clientele.CallFailed, 3), callCount(0, 1, clientele.CallRead, 1), nobody, callCount(0, 0, clientele.CallCreated, 4))
	all := clientele.CallQuery{Span: time.Minute, From: at(0).Add(-time.Hour), To: at(0).Add(time.Hour)}
	f.wantCalls(t, all, callCount(0, 0, clientele.CallCreated, 9), nobody, callCount(0, 1, clientele.CallRead, 1),
		callCount(0, 2, clientele.CallFailed, 3))
	part := all
	part.From, part.To = callCount(0, 1, "", 0).At, callCount(0, 2, "", 0).At // from inclusive, to exclusive
	f.wantCalls(t, part, nobody, callCount(0, 1, clientele.CallRead, 1))
	own := all
	own.ProjectID = f.project
	f.wantCalls(t, own, callCount(f.project, 0, clientele.CallCreated, 2))
	own.ProjectID = f.other
	f.wantCalls(t, own)
	hours := all
	hours.Span = time.Hour
	f.wantCalls(t, hours, hour)
}

func testCallCountsAtOnce(t *testing.T, f *fixture) {
	const servers, rounds = 4, 5
	a, b := callCount(0, 0, clientele.CallCreated, 1), callCount(0, 1, clientele.CallCreated, 2)
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() {
			list := []clientele.CallCount{a, b}
			if i%2 == 1 {
				list = []clientele.CallCount{b, a}
			}
			for range rounds {
				if err := f.AddCallCounts(t.Context(), list); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	a.Calls, b.Calls = servers*rounds, 2*servers*rounds
	f.wantCalls(t, clientele.CallQuery{Span: time.Minute, From: a.At, To: b.At.Add(time.Second)}, a, b)
}

func testForgetCallCounts(t *testing.T, f *fixture) {
	old, older, kept := callCount(0, 1, clientele.CallRead, 1), callCount(f.project, 0, clientele.CallRead, 1), callCount(0, 2, clientele.CallRead, 1)
	f.addCalls(t, kept, old, older)
	for _, want := range []int64{1, 1, 0} {
		if n, err := f.ForgetCallCounts(t.Context(), kept.At, 1); n != want || err != nil {
			t.Errorf("forgot %d, %v; want %d", n, err, want)
		}
	}
	f.wantCalls(t, clientele.CallQuery{Span: time.Minute, From: older.At, To: at(900)}, kept)
}

func testNewestChanges(t *testing.T, f *fixture) {
	for n, project := range []int64{f.project, f.other, f.project, f.project} {
		f.commitOne(t, upsert(project, n+1, string(rune('a'+n)), email("somebody@example.com")), clientele.Created)
	}
	for _, c := range []struct {
		project int64
		limit   int
		want    []time.Time
	}{
		{f.project, 10, []time.Time{at(4), at(3), at(1)}},
		{f.project, 2, []time.Time{at(4), at(3)}},
		{f.other, 10, []time.Time{at(2)}},
		{0, 3, []time.Time{at(4), at(3), at(2)}},
		{0, 10, []time.Time{at(4), at(3), at(2), at(1)}},
		{f.other + 100, 10, nil},
	} {
		list, err := f.ListNewestChanges(t.Context(), c.project, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []time.Time
		for _, one := range list {
			if one.Subject != clientele.SubjectCustomer || len(one.Values) == 0 || one.Seq == 0 || c.project != 0 && one.ProjectID != c.project {
				t.Errorf("newest %d of project %d: %+v", c.limit, c.project, one)
			}
			got = append(got, one.At)
		}
		wantSame(t, "times of the newest changes", c.want, got)
	}
}

func testCountWaitingSubmissions(t *testing.T, f *fixture) {
	want := func(most, want int) {
		t.Helper()
		if n, err := f.CountWaitingSubmissions(t.Context(), most); n != want || err != nil {
			t.Errorf("%d submissions wait, %v; want %d", n, err, want)
		}
	}
	want(10, 0)
	for n, project := range []int64{f.project, f.other, f.project} {
		f.commitOne(t, clientele.Write{ProjectID: project, At: at(n), Submission: &clientele.Submission{
			ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), ProjectID: project, AcceptedAt: at(n),
			Write: clientele.CustomerWrite{Mode: clientele.CreateCustomer},
		}}, clientele.Created)
	}
	want(10, 3)
	want(2, 2)
}
