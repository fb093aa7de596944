package storetest

import (
	"slices"
	"testing"

	"clientele"
)

func atOnceChecks() []check {
	return []check{
		{"AtOnce_IsFinishedWithItsAcceptance", testAtOnce},
		{"AtOnce_FailsAtOnce", testAtOnceFails},
		{"AtOnce_WaitsBehindWhatWaits", testAtOnceWaits},
		{"AtOnce_SentAgain", testAtOnceAgain},
	}
}

// atOnce returns a write that accepts the submission n and carries it out, if it may, with the customer write.
func atOnce(project int64, n int, cw clientele.CustomerWrite) clientele.Write {
	w := submission(project, n)
	w.Submission.Write = cw
	w.Submission.Target = ""
	w.Customer = &cw
	return w
}

// createsOne and changesOne are customer writes that name the customer n by its e-mail address.
func createsOne(n int) clientele.CustomerWrite {
	return clientele.CustomerWrite{
		Mode: clientele.CreateCustomer, Patch: email(submissionID(n) + "@example.com").patch(), Addresses: []clientele.Address{address(n), address(n + 1)},
	}
}

func changesOne(id int64, n int) clientele.CustomerWrite {
	return clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: id, Patch: email(submissionID(n) + "@example.com").patch()}
}

func (f *fixture) findSubmission(t *testing.T, n int) clientele.Submission {
	t.Helper()
	s, err := f.FindSubmission(t.Context(), f.project, submissionID(n))
	mustDo(t, "find submission", err)
	return s
}

func (f *fixture) wantSucceeded(t *testing.T, n int) (customer int64) {
	t.Helper()
	s := f.findSubmission(t, n)
	if s.Status != clientele.Succeeded || s.CustomerID == 0 || s.Failure != "" || s.Lease != "" || !s.AcceptedAt.Equal(at(n)) ||
		!s.StartedAt.Equal(at(n)) || !s.FinishedAt.Equal(at(n)) {
		t.Errorf("submission %d: %+v", n, s)
	}
	return s.CustomerID
}

func testAtOnce(t *testing.T, f *fixture) {
	outcomes := f.commit(t, atOnce(f.project, 1, createsOne(1)), atOnce(f.project, 2, createsOne(2)))
	for i, o := range outcomes {
		if want := (clientele.Outcome{Result: clientele.Created, Reference: submissionID(i + 1)}); o != want {
			t.Errorf("outcome %+v, want %+v", o, want)
		}
	}
	first, second := f.wantSucceeded(t, 1), f.wantSucceeded(t, 2)
	if first == second {
		t.Errorf("both made customer %d", first)
	}
	f.commit(t, atOnce(f.project, 3, changesOne(first, 3)), atOnce(f.project, 4, changesOne(second, 4)), atOnce(f.project, 5, changesOne(first, 5)))
	for n, want := range map[int]int64{3: first, 4: second, 5: first} {
		if got := f.wantSucceeded(t, n); got != want {
			t.Errorf("submission %d changed customer %d, want %d", n, got, want)
		}
	}
	c, err := f.FindCustomer(t.Context(), f.project, first)
	mustDo(t, "find customer", err)
	if c.Version != 3 || c.Email.V != submissionID(5)+"@example.com" || len(c.Addresses) != 2 || !c.UpdatedAt.Equal(at(5)) {
		t.Errorf("customer %+v", c)
	}
	history := f.changes(t, f.project, first)
	wantSame(t, "replayed history", c, replay(t, history))
	if got := history[2].Origin.RequestID; len(history) != 3 || got != "r-5" {
		t.Errorf("%d changes, the last by %s", len(history), got)
	}
	if list, err := f.ProjectsWithSubmissions(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("something is left to do in %v, %v", list, err)
	}
}

// testAtOnceFails: a customer that there is not, and one of another project; those beside them are none the worse for it.
func testAtOnceFails(t *testing.T, f *fixture) {
	f.commit(t, atOnce(f.project, 1, createsOne(1)))
	id := f.wantSucceeded(t, 1)
	f.commit(t, atOnce(f.other, 2, changesOne(id, 2)), atOnce(f.project, 3, changesOne(id+999, 3)), atOnce(f.project, 4, changesOne(id, 4)))
	f.wantSucceeded(t, 4)
	elsewhere, err := f.FindSubmission(t.Context(), f.other, submissionID(2))
	mustDo(t, "find submission", err)
	for _, s := range []clientele.Submission{elsewhere, f.findSubmission(t, 3)} {
		if s.Status != clientele.Failed || s.Failure != clientele.CustomerMissing || s.CustomerID != 0 || s.FinishedAt.IsZero() {
			t.Errorf("submission about nobody: %+v", s)
		}
	}
	if got := f.submissions(t, clientele.SubmissionFilter{Status: clientele.Failed}); !slices.Equal(got, []int{3}) {
		t.Errorf("failed are %v", got)
	}
}

// testAtOnceWaits: behind one that waits or is in work, in this batch or before it, everything of the project waits.
func testAtOnceWaits(t *testing.T, f *fixture) {
	wait := func(want bool, writes ...clientele.Write) {
		t.Helper()
		for i, o := range f.commit(t, writes...) {
			if o.Waits != want || o.Result != clientele.Created {
				t.Errorf("write %d: %+v, want waits: %t", i, o, want)
			}
		}
	}
	wait(false, atOnce(f.project, 1, createsOne(1)))
	id := f.wantSucceeded(t, 1)
	wait(true, submission(f.project, 2), atOnce(f.project, 4, changesOne(id, 4)))
	wait(true, atOnce(f.project, 5, changesOne(id, 5)))
	wait(false, atOnce(f.other, 6, createsOne(6)))
	claim := clientele.Claim{Lease: "x", At: at(7), Until: at(70)}
	list, err := f.ClaimSubmissions(t.Context(), f.project, claim, 10)
	mustDo(t, "claim", err)
	wait(true, atOnce(f.project, 8, changesOne(id, 8)))
	if got := f.findSubmission(t, 8); got.Status != clientele.Accepted || !got.StartedAt.IsZero() || !got.FinishedAt.IsZero() {
		t.Errorf("the last: %+v", got)
	}
	last, err := f.ClaimSubmissions(t.Context(), f.project, claim, 10)
	mustDo(t, "claim", err)
	var writes []clientele.Write
	for _, s := range last {
		writes = append(writes, clientele.Write{
			ProjectID: f.project, At: at(9), Origin: s.Origin, Customer: &s.Write,
			Completes: &clientele.Completion{SubmissionID: s.ID, Lease: "x"},
		})
	}
	f.commit(t, writes...)
	if len(list) != 3 || len(last) != 4 {
		t.Errorf("claimed %d and then %d", len(list), len(last))
	}
	wait(false, atOnce(f.project, 10, changesOne(id, 10)))
	c, err := f.FindCustomer(t.Context(), f.project, id)
	mustDo(t, "find customer", err)
	if c.Version != 5 || c.Email.V != submissionID(10)+"@example.com" {
		t.Errorf("customer %+v", c)
	}
}

// testAtOnceAgain: a call that was named has its effect once.
func testAtOnceAgain(t *testing.T, f *fixture) {
	named := func(n int) clientele.Write {
		w := atOnce(f.project, n, createsOne(n))
		w.Idempotency = &clientele.Idempotency{CredentialID: w.Origin.CredentialID, Key: "key"}
		return w
	}
	for _, o := range append(f.commit(t, named(1), named(3)), f.commit(t, named(4))...) {
		if o.Result != clientele.Created || o.Reference != submissionID(1) || o.Waits {
			t.Errorf("outcome %+v", o)
		}
	}
	if got := f.submissions(t, clientele.SubmissionFilter{}); !slices.Equal(got, []int{1}) {
		t.Errorf("submissions %v", got)
	}
}
