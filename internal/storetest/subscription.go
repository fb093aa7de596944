package storetest

import (
	"fmt"
	"testing"
	"time"

	"clientele"
)

// eventChecks are checks of what subscriptions and deliveries ask of a store.
func eventChecks(list []eventCheck) []check {
	checks := make([]check, len(list))
	for i, c := range list {
		checks[i] = check{c.name, func(t *testing.T, f *fixture) { c.run(t, &eventFixture{fixture: f}) }}
	}
	return checks
}

// eventCheck is one behaviour of a store.
type eventCheck struct {
	name string
	run  func(*testing.T, *eventFixture)
}

// eventFixture is a new book with two projects and, as they are subscribed, subscriptions.
type eventFixture struct {
	*fixture
	ids int
}

// newID numbers what a test makes.
func (f *eventFixture) newID() string {
	f.ids++
	return fmt.Sprintf("00000000-0000-7000-8000-%012d", f.ids)
}

// subscribe makes a subscription of the project to customers.
func (f *eventFixture) subscribe(t *testing.T, project int64) clientele.Subscription {
	t.Helper()
	return f.subscribeTo(t, project, clientele.CustomerChanged)
}

func (f *eventFixture) subscribeTo(t *testing.T, project int64, e clientele.EventType) clientele.Subscription {
	t.Helper()
	s, err := f.CreateSubscription(t.Context(), clientele.Subscription{
		ID: f.newID(), ProjectID: project, EventType: e, URL: "https://shop.example.com/events",
		Host: "shop.example.com:443", Secret: "geheim", SigningSecret: "whsec_bmV3", RequestTimeout: 100 * time.Second,
		Retry: []time.Duration{30 * time.Second, 2 * time.Minute}, CreatedAt: at(f.ids),
	})
	if err != nil {
		t.Fatalf("create subscription: %v", err)
	}
	return s
}

func (f *eventFixture) subscription(t *testing.T, s clientele.Subscription) clientele.Subscription {
	t.Helper()
	got, err := f.FindSubscription(t.Context(), s.ProjectID, s.ID)
	if err != nil {
		t.Fatalf("find subscription: %v", err)
	}
	return got
}

func mustDo(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func subscriptionChecks() []eventCheck {
	return []eventCheck{
		{"Create_CanBeFoundAndListed", testCreateSubscription},
		{"Create_StartsAtThePresentEnd", testSubscriptionStarts},
		{"CreateOnce_IsOneForOneCall", testSubscriptionOnce},
		{"CreateOnce_ManyAtOnce", testSubscriptionOnceAtOnce},
		{"Policies_AreReplaced", testSubscriptionPolicies},
		{"Rotate_KeepsTheOldSecretForAWhile", testRotateSubscription},
		{"Rotate_KeepsAllThatSignUntilTheirEnd", testRotateInOverlap},
		{"Rotate_ReplacesWhatWasSeen", testRotateStale},
		{"Delete_IsGoneWithItsSecrets", testDeleteSubscription},
		{"Disable_IsNotServedUntilEnabled", testDisableSubscription},
		{"Enable_PassesOverWhatIsTooOld", testEnableSubscription},
		{"Rewind_NeverForward", testRewindSubscription},
		{"UnknownOrForeign_IsNotFound", testForeignSubscription},
	}
}

func testCreateSubscription(t *testing.T, f *eventFixture) {
	a, b := f.subscribe(t, f.project), f.subscribeTo(t, f.project, clientele.LeadChanged)
	c := f.subscribe(t, f.other)
	wantSame(t, "subscription", a, f.subscription(t, a))
	for _, k := range []struct {
		by   clientele.SubscriptionFilter
		want []clientele.Subscription
	}{
		{clientele.SubscriptionFilter{}, []clientele.Subscription{a, b, c}},
		{clientele.SubscriptionFilter{ProjectID: f.project}, []clientele.Subscription{a, b}},
		{clientele.SubscriptionFilter{ProjectID: f.project, EventType: clientele.LeadChanged}, []clientele.Subscription{b}},
		{clientele.SubscriptionFilter{EventType: clientele.CustomerChanged}, []clientele.Subscription{a, c}},
	} {
		got, err := f.ListSubscriptions(t.Context(), k.by)
		mustDo(t, "list", err)
		wantSame(t, fmt.Sprintf("subscriptions of %+v", k.by), k.want, got)
	}
}

func testSubscriptionStarts(t *testing.T, f *eventFixture) {
	f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	s := f.subscribe(t, f.project)
	if tail := f.tail(t, s); len(tail.Marks) != 0 {
		t.Errorf("a new subscription is told of %d changes of before", len(tail.Marks))
	}
	f.commitOne(t, upsert(f.project, 2, "b", nil), clientele.Created)
	if tail := f.tail(t, s); len(tail.Marks) != 1 {
		t.Errorf("a subscription is told of %d changes, want 1", len(tail.Marks))
	}
}

func testSubscriptionPolicies(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	mustDo(t, "set", f.SetSubscriptionPolicies(t.Context(), f.project, s.ID, nil, 7*time.Second))
	s.Retry, s.RequestTimeout = nil, 7*time.Second
	wantSame(t, "subscription", s, f.subscription(t, s))
}

func testRotateSubscription(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	f.rotate(t, s, "whsec_c2Vjb25k", 1, 9)
	got := f.subscription(t, s)
	wantSame(t, "secrets before the end", []string{"whsec_c2Vjb25k", "whsec_bmV3"}, got.Signs(at(8)))
	wantSame(t, "secrets at the end", []string{"whsec_c2Vjb25k"}, got.Signs(at(9)))
}

func testDeleteSubscription(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	f.gather(t, s, 2)
	mustDo(t, "delete", f.DeleteSubscription(t.Context(), f.project, s.ID, at(3)))
	_, err := f.FindSubscription(t.Context(), f.project, s.ID)
	wantKind(t, "find", err, clientele.KindNotFound)
	wantKind(t, "delete twice", f.DeleteSubscription(t.Context(), f.project, s.ID, at(3)), clientele.KindNotFound)
	if p := f.claim(t, "x", 4); len(p) != 0 {
		t.Errorf("%d parcels of a deleted subscription", len(p))
	}
	list, err := f.ListEventCursors(t.Context())
	mustDo(t, "cursors", err)
	if len(list) != 0 {
		t.Errorf("a deleted subscription has cursor %+v", list)
	}
}

func testDisableSubscription(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	f.gather(t, s, 2)
	mustDo(t, "disable", f.DisableSubscription(t.Context(), f.project, s.ID, "because", at(3)))
	got := f.subscription(t, s)
	if !got.DisabledAt.Equal(at(3)) || got.DisabledReason != "because" {
		t.Errorf("disabled at %s, %q", got.DisabledAt, got.DisabledReason)
	}
	f.commitOne(t, upsert(f.project, 4, "b", nil), clientele.Created)
	if p := f.claim(t, "x", 5); len(p) != 0 {
		t.Errorf("%d parcels of a disabled subscription", len(p))
	}
	if list, _ := f.ListEventCursors(t.Context()); len(list) != 0 {
		t.Errorf("a disabled subscription has cursor %+v", list)
	}
	mustDo(t, "enable", f.EnableSubscription(t.Context(), f.project, s.ID, at(0)))
	if p := f.claim(t, "x", 6); len(p) != 1 || len(p[0].Deliveries) != 1 {
		t.Errorf("parcels %+v after enabling, want the one that was kept", p)
	}
	if tail := f.tail(t, f.subscription(t, s)); len(tail.Marks) != 1 {
		t.Errorf("%d changes behind an enabled subscription, want the one that was kept", len(tail.Marks))
	}
}

func testEnableSubscription(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	mustDo(t, "disable", f.DisableSubscription(t.Context(), f.project, s.ID, "because", at(0)))
	f.commitOne(t, upsert(f.project, 1, "old", nil), clientele.Created)
	id := f.commitOne(t, upsert(f.project, 3600, "new", nil), clientele.Created)
	mustDo(t, "enable", f.EnableSubscription(t.Context(), f.project, s.ID, at(1800)))
	tail := f.tail(t, f.subscription(t, s))
	if len(tail.Marks) != 1 || tail.Marks[0].SubjectID != id {
		t.Errorf("behind an enabled subscription: %+v, want the change of %d", tail.Marks, id)
	}
}

func testRewindSubscription(t *testing.T, f *eventFixture) {
	f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	id := f.commitOne(t, upsert(f.project, 3600, "b", nil), clientele.Created)
	s := f.subscribe(t, f.project)
	mustDo(t, "rewind", f.RewindSubscription(t.Context(), f.project, s.ID, at(7200)))
	wantSame(t, "cursor", s.Cursor, f.subscription(t, s).Cursor)
	mustDo(t, "rewind", f.RewindSubscription(t.Context(), f.project, s.ID, at(3600)))
	tail := f.tail(t, f.subscription(t, s))
	if len(tail.Marks) != 1 || tail.Marks[0].SubjectID != id {
		t.Errorf("behind the rewound cursor: %+v, want the change of %d", tail.Marks, id)
	}
	mustDo(t, "rewind", f.RewindSubscription(t.Context(), f.project, s.ID, time.Unix(0, 0)))
	if tail := f.tail(t, f.subscription(t, s)); len(tail.Marks) != 2 {
		t.Errorf("%d changes since ever, want 2", len(tail.Marks))
	}
}

func testForeignSubscription(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	ctx := t.Context()
	for _, k := range []struct {
		project int64
		id      string
	}{{f.other, s.ID}, {f.project, f.newID()}} {
		_, err := f.FindSubscription(ctx, k.project, k.id)
		wantKind(t, "find", err, clientele.KindNotFound)
		wantKind(t, "policies", f.SetSubscriptionPolicies(ctx, k.project, k.id, nil, time.Second), clientele.KindNotFound)
		r := clientele.SecretRotation{Secret: "whsec_", Replaces: s.SigningSecret, At: at(1), OldUntil: at(2)}
		wantKind(t, "rotate", f.RotateSubscription(ctx, k.project, k.id, r), clientele.KindNotFound)
		wantKind(t, "delete", f.DeleteSubscription(ctx, k.project, k.id, at(1)), clientele.KindNotFound)
		wantKind(t, "disable", f.DisableSubscription(ctx, k.project, k.id, "x", at(1)), clientele.KindNotFound)
		wantKind(t, "enable", f.EnableSubscription(ctx, k.project, k.id, at(1)), clientele.KindNotFound)
		wantKind(t, "rewind", f.RewindSubscription(ctx, k.project, k.id, at(1)), clientele.KindNotFound)
		_, err = f.ResendFailed(ctx, clientele.Resend{ProjectID: k.project, SubscriptionID: k.id, To: at(9), At: at(1)})
		wantKind(t, "resend", err, clientele.KindNotFound)
	}
	wantSame(t, "subscription", s, f.subscription(t, s))
}
