package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele"
)

func submissionChecks() []check {
	return []check{
		{"List_NewestFirstAndFiltered", testListSubmissions},
		{"List_PagesMissAndRepeatNothing", testSubmissionPages},
		{"List_HasWhatWasSubmitted", testListedSubmission},
		{"Forget_WhatFinishedLongAgo", testForgetSubmissions},
	}
}

// submissionID numbers the submissions of a test.
func submissionID(n int) string { return fmt.Sprintf("00000000-0000-7000-8001-%012d", n) }

// submission returns a write that accepts a submission at the moment n, by credential 7 or, of each third, 8. It updates a
// customer that there is not, or of each fourth creates one.
func submission(project int64, n int) clientele.Write {
	by := origin(fmt.Sprintf("r-%d", n))
	by.CredentialID += int64(n % 3 / 2)
	s := clientele.Submission{
		ID: submissionID(n), ProjectID: project, Origin: by, AcceptedAt: at(n), Status: clientele.Accepted, Target: "999",
		Write: clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: 999, Patch: email("ada@example.com").patch()},
	}
	if n%4 == 3 {
		s.Write.Mode, s.Write.ID, s.Target = clientele.CreateCustomer, 0, ""
	}
	return clientele.Write{ProjectID: project, At: at(n), Origin: by, Submission: &s}
}

// submit accepts the submissions 1 to n and one of another project, and carries out those up to done; one more is in work.
func (f *fixture) submit(t *testing.T, n, done int) {
	t.Helper()
	for i := 1; i <= n; i++ {
		f.commitOne(t, submission(f.project, i), clientele.Created)
	}
	f.commitOne(t, submission(f.other, 500), clientele.Created)
	claim := clientele.Claim{Lease: "x", At: at(n + 1), Until: at(n + 30)}
	list, err := f.ClaimSubmissions(t.Context(), f.project, claim, done+1)
	mustDo(t, "claim", err)
	var writes []clientele.Write
	for i := range list[:done] {
		s := &list[i]
		writes = append(writes, clientele.Write{
			ProjectID: f.project, At: at(n + 2), Origin: s.Origin, Customer: &s.Write,
			Completes: &clientele.Completion{SubmissionID: s.ID, Lease: "x"},
		})
	}
	f.commit(t, writes...)
}

// submissions returns the numbers of the submissions that a filter selects.
func (f *fixture) submissions(t *testing.T, by clientele.SubmissionFilter) (numbers []int) {
	t.Helper()
	if by.ProjectID == 0 {
		by.ProjectID = f.project
	}
	if by.Limit == 0 {
		by.Limit = 100
	}
	list, err := f.ListSubmissions(t.Context(), by)
	mustDo(t, "list submissions", err)
	for i := range list {
		var n int
		if _, err := fmt.Sscanf(list[i].ID, submissionID(0)[:24]+"%d", &n); err != nil {
			t.Fatalf("submission %s: %v", list[i].ID, err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

func testListSubmissions(t *testing.T, f *fixture) {
	f.submit(t, 12, 8)
	type filter = clientele.SubmissionFilter
	for name, c := range map[string]struct {
		by   filter
		want []int
	}{
		"all":              {filter{}, []int{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		"another project":  {filter{ProjectID: f.other}, []int{500}},
		"limit":            {filter{Limit: 2}, []int{12, 11}},
		"accepted":         {filter{Status: clientele.Accepted}, []int{12, 11, 10}},
		"in work":          {filter{Status: clientele.Processing}, []int{9}},
		"succeeded":        {filter{Status: clientele.Succeeded}, []int{7, 3}},
		"failed":           {filter{Status: clientele.Failed}, []int{8, 6, 5, 4, 2, 1}},
		"no such status":   {filter{Status: "Lost"}, nil},
		"credential":       {filter{CredentialID: 8}, []int{11, 8, 5, 2}},
		"its failed":       {filter{CredentialID: 8, Status: clientele.Failed}, []int{8, 5, 2}},
		"its accepted":     {filter{CredentialID: 8, Status: clientele.Accepted}, []int{11}},
		"its succeeded":    {filter{CredentialID: 7, Status: clientele.Succeeded}, []int{7, 3}},
		"range":            {filter{From: at(3), To: at(5)}, []int{5, 4, 3}},
		"range of failed":  {filter{From: at(3), To: at(5), Status: clientele.Failed}, []int{5, 4}},
		"range of waiting": {filter{From: at(11), Status: clientele.Accepted}, []int{12, 11}},
		"before the range": {filter{To: at(0)}, nil},
		"range, by one":    {filter{From: at(3), To: at(8), CredentialID: 8}, []int{8, 5}},
	} {
		if got := f.submissions(t, c.by); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func testSubmissionPages(t *testing.T, f *fixture) {
	f.submit(t, 12, 8)
	same := submission(f.project, 12) // accepted in the same moment as another
	same.Submission.ID = submissionID(13)
	f.commitOne(t, same, clientele.Created)
	for _, by := range []clientele.SubmissionFilter{
		{}, {Status: clientele.Failed}, {Status: clientele.Succeeded}, {Status: clientele.Accepted}, {CredentialID: 7}, {From: at(2), To: at(12)},
	} {
		want := f.submissions(t, by)
		var got []int
		by.ProjectID, by.Limit = f.project, 2
		for {
			page, err := f.ListSubmissions(t.Context(), by)
			mustDo(t, "list submissions", err)
			if len(page) == 0 {
				break
			}
			got = append(got, f.submissions(t, by)...)
			by.Before = page[len(page)-1].Position()
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("pages of %+v are %v, want %v", by, got, want)
		}
	}
}

func testListedSubmission(t *testing.T, f *fixture) {
	f.submit(t, 3, 2)
	list, err := f.ListSubmissions(t.Context(), clientele.SubmissionFilter{ProjectID: f.project, Limit: 3})
	mustDo(t, "list submissions", err)
	for i := range list {
		found, err := f.FindSubmission(t.Context(), f.project, list[i].ID)
		mustDo(t, "find submission", err)
		wantSame(t, "submission", found, list[i])
	}
	failed := list[2]
	if failed.Failure != clientele.CustomerMissing || !failed.AcceptedAt.Equal(at(1)) || !failed.FinishedAt.Equal(at(5)) ||
		failed.Target != "999" || failed.Write.Patch.Email != clientele.Some("ada@example.com") {
		t.Errorf("the first submission is listed as %+v", failed)
	}
	_, err = f.FindSubmission(t.Context(), f.other, failed.ID)
	wantKind(t, "find another project's", err, clientele.KindNotFound)
}

func testForgetSubmissions(t *testing.T, f *fixture) {
	f.submit(t, 6, 4)
	forget := func(before time.Time, limit int, want int64, left ...int) {
		t.Helper()
		n, err := f.ForgetSubmissions(t.Context(), before, limit)
		mustDo(t, "forget", err)
		if got := f.submissions(t, clientele.SubmissionFilter{}); n != want || !slices.Equal(got, left) {
			t.Errorf("%d were forgotten, %v are left; want %d and %v", n, got, want, left)
		}
	}
	forget(at(8), 10, 0, 6, 5, 4, 3, 2, 1) // accepted before, finished not
	forget(at(9), 3, 3, 6, 5, 4)
	forget(at(900), 10, 1, 6, 5)
}
