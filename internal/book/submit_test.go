package book

import (
	"context"
	"errors"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// clerk takes submissions and keeps them.
type clerk struct {
	taken []clientele.Write
	// before is the submission that a call named before was answered with.
	before string
	err    error
	// refuses is the error for whatever is to be carried out at once.
	refuses error
}

func (c *clerk) Commit(_ context.Context, w clientele.Write) (clientele.Outcome, error) {
	if c.err != nil {
		return clientele.Outcome{}, c.err
	}
	if c.refuses != nil && w.Customer != nil {
		return clientele.Outcome{}, c.refuses
	}
	c.taken = append(c.taken, w)
	if c.before != "" {
		return clientele.Outcome{Result: clientele.Created, Reference: c.before}, nil
	}
	return clientele.Outcome{Result: clientele.Created, Reference: w.Submission.ID, Waits: w.Customer == nil}, nil
}

// submitting returns a book over the clerk, at a time that is no whole microsecond.
func (c *clerk) submitting() *Book {
	return New(c, func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 123_456_789, time.FixedZone("", 3600)) })
}

var (
	submittedAt = time.Date(2026, 11, 23, 9, 0, 0, 123_456_000, time.UTC)
	submitCall  = Call{
		ProjectID: 3, Origin: clientele.Origin{Dialect: clientele.DKHardware, CredentialID: 4, RequestID: "r"},
		Idempotency: &clientele.Idempotency{CredentialID: 4, Key: "key"},
	}
)

func TestCreate_SubmitsWhatIsStated(t *testing.T) {
	c := &clerk{}
	d := clientele.Details{FirstName: clientele.Some("Ada"), Company: clientele.Some(""), Email: clientele.Some("Ada@Example.com")}
	addresses := []clientele.Address{{IsDefaultBilling: true}}
	id, err := c.submitting().Create(t.Context(), submitCall, d, addresses)
	if err != nil || uuid.Validate(id) != nil || len(c.taken) != 1 {
		t.Fatalf("Create: %q, %v, %d writes", id, err, len(c.taken))
	}
	w := c.taken[0]
	s := w.Submission
	if s == nil || w.Customer != nil || w.ProjectID != 3 || w.Origin != submitCall.Origin || w.Idempotency != submitCall.Idempotency ||
		!w.At.Equal(submittedAt) {
		t.Fatalf("write: %+v", w)
	}
	want := clientele.Submission{
		ID: id, ProjectID: 3, Origin: submitCall.Origin, Status: clientele.Accepted, AcceptedAt: submittedAt, Write: s.Write,
	}
	if diff := cmp.Diff(want, *s); diff != "" {
		t.Errorf("submission (-want +got):\n%s", diff)
	}
	fields := clientele.FieldsOf(clientele.FieldFirstName, clientele.FieldCompany, clientele.FieldEmail)
	if s.Write.Mode != clientele.CreateCustomer || s.Write.Patch.Set != fields || len(s.Write.Addresses) != 1 {
		t.Errorf("write of the submission: %+v", s.Write)
	}
}

func TestUpdate_SubmitsThePatchAndTheTarget(t *testing.T) {
	c := &clerk{}
	var p clientele.Patch
	p.Put(clientele.FieldCompany, clientele.Text{})
	p.Put(clientele.FieldFax, clientele.Some("1"))
	if _, err := c.submitting().Update(t.Context(), submitCall, "463118", 463118, p); err != nil {
		t.Fatal(err)
	}
	s := c.taken[0].Submission
	if s.Target != "463118" || s.Write.Mode != clientele.UpdateCustomer || s.Write.ID != 463118 || len(s.Write.Addresses) > 0 {
		t.Errorf("submission: %+v", s)
	}
	if diff := cmp.Diff(p, s.Write.Patch); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
}

func TestSubmit_IDsDiffer(t *testing.T) {
	c := &clerk{}
	b := c.submitting()
	seen := map[string]bool{}
	for range 100 {
		id, err := b.Create(t.Context(), submitCall, clientele.Details{}, nil)
		if err != nil || seen[id] {
			t.Fatalf("%q, %v", id, err)
		}
		seen[id] = true
	}
}

// TestSubmit_ACallNamedBeforeHasItsFirstSubmission holds that the answer is what the store says, not what was made up now.
func TestSubmit_ACallNamedBeforeHasItsFirstSubmission(t *testing.T) {
	c := &clerk{before: "the first"}
	if id, err := c.submitting().Create(t.Context(), submitCall, clientele.Details{}, nil); err != nil || id != "the first" {
		t.Errorf("Create: %q, %v", id, err)
	}
}

func TestSubmit_WakesOnceItIsDurable(t *testing.T) {
	c := &clerk{}
	b := c.submitting()
	woken := 0
	b.OnSubmit(func() {
		if len(c.taken) == 0 {
			t.Error("woken before the commit")
		}
		woken++
	})
	if _, err := b.Create(t.Context(), submitCall, clientele.Details{}, nil); err != nil || woken != 1 {
		t.Errorf("%v, woken %d times; want once", err, woken)
	}
	c.err = clientele.Unavailable("The disk is full", nil)
	_, err := b.Create(t.Context(), submitCall, clientele.Details{}, nil)
	if e, ok := errors.AsType[*clientele.Error](err); !ok || e.Kind != clientele.KindUnavailable || woken != 1 {
		t.Errorf("%v, woken %d times; want unavailable and no more", err, woken)
	}
}

// TestSubmit_AtOnce holds what is carried out with its acceptance: the write that a worker would make of the submission, which
// itself keeps what was sent. Nobody is woken for it.
func TestSubmit_AtOnce(t *testing.T) {
	c := &clerk{}
	b := c.submitting()
	b.CarryOutAtOnce()
	b.OnSubmit(func() { t.Error("woken") })
	d := clientele.Details{Email: clientele.Some("Ada@Example.com")}
	if _, err := b.Create(t.Context(), submitCall, d, []clientele.Address{{IsDefaultBilling: true}}); err != nil || len(c.taken) != 1 {
		t.Fatalf("%v, %d writes", err, len(c.taken))
	}
	w := c.taken[0]
	want := b.CarryOut(w.Submission, "lease")
	if diff := cmp.Diff(want.Customer, w.Customer); diff != "" {
		t.Errorf("what is carried out (-worker +at once):\n%s", diff)
	}
	if s := w.Submission; w.Completes != nil || s.Write.Patch.EmailNormal.Valid || !w.Customer.Patch.EmailNormal.Valid {
		t.Errorf("write: %+v", w)
	}
}

// TestSubmit_AtOnceRefused holds that what the book refuses for good is accepted without being carried out, for a worker to
// give it up; and that every other error is the caller's.
func TestSubmit_AtOnceRefused(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		wantKind clientele.Kind // 0 for none
	}{
		"broken":      {errors.New("broken"), 0},
		"unavailable": {clientele.Unavailable("The disk is full", nil), clientele.KindUnavailable},
		"conflict":    {clientele.Errorf(clientele.KindConflict, "sent before"), clientele.KindConflict},
	} {
		clerk := &clerk{refuses: c.err}
		b := clerk.submitting()
		b.CarryOutAtOnce()
		woken := 0
		b.OnSubmit(func() { woken++ })
		id, err := b.Create(t.Context(), submitCall, clientele.Details{}, nil)
		if c.wantKind != 0 {
			if clientele.KindOf(err) != c.wantKind || len(clerk.taken) > 0 || woken > 0 {
				t.Errorf("%s: %q, %v, %d writes, woken %d times", name, id, err, len(clerk.taken), woken)
			}
			continue
		}
		if err != nil || len(clerk.taken) != 1 || clerk.taken[0].Submission.ID != id || woken != 1 {
			t.Errorf("%s: %q, %v, %d writes, woken %d times", name, id, err, len(clerk.taken), woken)
		}
	}
	hungUp, hangUp := context.WithCancel(t.Context())
	hangUp()
	clerk := &clerk{refuses: hungUp.Err()}
	b := clerk.submitting()
	b.CarryOutAtOnce()
	if _, err := b.Create(hungUp, submitCall, clientele.Details{}, nil); !errors.Is(err, context.Canceled) || len(clerk.taken) > 0 {
		t.Errorf("of one who hung up: %v, %d writes", err, len(clerk.taken))
	}
}

// TestCarryOut_IsWhatWasSubmitted holds, for any customer, that what is carried out after the submission was stored and read
// back is what would have been written at once: raw values, normal forms, addresses.
func TestCarryOut_IsWhatWasSubmitted(t *testing.T) {
	text := rapid.OneOf(
		rapid.Just(clientele.Text{}), rapid.Map(rapid.String(), clientele.Some),
		rapid.Map(rapid.SampledFrom([]string{"", "Ada@Example.com", "+12125550100", "192.168.1.1", "BE0123456749", "no"}), clientele.Some),
	)
	rapid.Check(t, func(t *rapid.T) {
		var d clientele.Details
		for f := range clientele.AllFields.All {
			*d.Of(f) = text.Draw(t, f.String())
		}
		addresses := make([]clientele.Address, rapid.IntRange(0, 2).Draw(t, "addresses"))
		for i := range addresses {
			a := &addresses[i]
			for _, place := range a.Texts() {
				*place.Text = text.Draw(t, place.Name)
			}
			a.IsDefaultBilling, a.IsDefaultShipping = rapid.Bool().Draw(t, "billing"), rapid.Bool().Draw(t, "shipping")
		}
		c := &clerk{}
		b := c.submitting()
		if _, err := b.Create(t.Context(), submitCall, d, addresses); err != nil {
			t.Fatal(err)
		}
		stored := *c.taken[0].Submission
		var err error
		if stored.Write, err = clientele.ReadPayload(stored.Write.AppendPayload(nil)); err != nil {
			t.Fatal(err)
		}
		got := b.CarryOut(&stored, "lease")
		want := clientele.Write{
			ProjectID: 3, Origin: submitCall.Origin, At: submittedAt, AsOf: submittedAt, Completes: &clientele.Completion{SubmissionID: stored.ID, Lease: "lease"},
			Customer: &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: stating(&d), Addresses: addresses},
		}
		if len(addresses) == 0 {
			want.Customer.Addresses = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("write (-want +got):\n%s", diff)
		}
	})
}

// TestCarryOut_LeavesTheSubmissionAlone holds that a submission can be carried out again from the same copy.
func TestCarryOut_LeavesTheSubmissionAlone(t *testing.T) {
	var p clientele.Patch
	p.Put(clientele.FieldEmail, clientele.Some("Ada@Example.com"))
	s := clientele.Submission{ID: "s", Write: clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: 1, Patch: p}}
	if w := (&clerk{}).submitting().CarryOut(&s, "lease"); w.Customer.Patch.EmailNormal.V != "ada@example.com" {
		t.Errorf("normal e-mail: %+v", w.Customer.Patch.Normal)
	}
	if diff := cmp.Diff(p, s.Write.Patch); diff != "" {
		t.Errorf("the submission changed:\n%s", diff)
	}
}

// TestGiveUp_WritesNothing holds that giving up is the submission's end and no change of the book.
func TestGiveUp_WritesNothing(t *testing.T) {
	s := clientele.Submission{ID: "s", ProjectID: 3, Write: clientele.CustomerWrite{Mode: clientele.CreateCustomer}}
	w := (&clerk{}).submitting().GiveUp(&s, "lease")
	b := clientele.NewBatch([]clientele.Write{w})
	b.LoadSubmission("s", "lease")
	o := b.Decide(nil)[0]
	want := []clientele.FinishedSubmission{{
		ID: "s", ProjectID: 3, Status: clientele.Failed, Failure: clientele.Unforeseen, At: submittedAt,
	}}
	if diff := cmp.Diff(want, b.FinishedSubmissions); diff != "" || o.Err == nil || len(b.Changes) > 0 {
		t.Errorf("%v, %d changes, finished (-want +got):\n%s", o.Err, len(b.Changes), diff)
	}
}

// TestResubmit_IsANewSubmissionOfTheOperator holds that the write is the same, its origin the operator's, and its name that of
// the failed one, so that a second click has the first one's answer.
func TestResubmit_IsANewSubmissionOfTheOperator(t *testing.T) {
	var p clientele.Patch
	p.Put(clientele.FieldEmail, clientele.Some("ada@example.com"))
	failed := clientele.Submission{
		ID: "failed", ProjectID: 3, Status: clientele.Failed, Failure: clientele.CustomerMissing, Target: "7",
		Write: clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: 7, Patch: p},
	}
	c := &clerk{}
	call := Call{ProjectID: 3, Origin: clientele.Origin{Dialect: clientele.ViaConsole, RequestID: "r"}}
	id, err := c.submitting().Resubmit(t.Context(), call, &failed)
	if err != nil || id == "failed" || uuid.Validate(id) != nil {
		t.Fatalf("Resubmit: %q, %v", id, err)
	}
	want := clientele.Submission{
		ID: id, ProjectID: 3, Origin: call.Origin, Status: clientele.Accepted, AcceptedAt: submittedAt, Target: "7", Write: failed.Write,
	}
	if diff := cmp.Diff(want, *c.taken[0].Submission); diff != "" {
		t.Errorf("submission (-want +got):\n%s", diff)
	}
	if name := c.taken[0].Idempotency; name == nil || name.Key != "resubmit failed" || name.CredentialID != 0 {
		t.Errorf("the call is named %+v", name)
	}
	for _, refused := range []clientele.Submission{
		{ID: "a", Status: clientele.Succeeded},
		{ID: "b", Status: clientele.Processing},
		{ID: "c", Status: clientele.Failed, Damage: errors.New("damaged")},
	} {
		if _, err := c.submitting().Resubmit(t.Context(), call, &refused); clientele.KindOf(err) != clientele.KindConflict || len(c.taken) != 1 {
			t.Errorf("Resubmit of %s: %v; want kind conflict", refused.ID, err)
		}
	}
}
