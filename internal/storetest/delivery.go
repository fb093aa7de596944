package storetest

import (
	"sync"
	"testing"
	"time"

	"clientele"
)

func deliveryChecks() []eventCheck {
	return []eventCheck{
		{"Claim_InOrderAndNobodyElse", testClaim},
		{"Claim_ExpiresAndIsRenewed", testClaimExpires},
		{"Claim_OfTwoAtOnceIsDisjoint", testClaimRace},
		{"Claim_FailingAndHealthyApart", testClaimClasses},
		{"Claim_HostsThatAreFullWait", testClaimHosts},
		{"Claim_FullParcelLeavesTheRest", testClaimFull},
		{"Finish_RecordsAttempts", testFinish},
		{"Finish_WithoutTheClaimLeavesTheSubscription", testFinishLate},
		{"Finish_Disables", testFinishDisables},
		{"Finish_KeepsNoAnswerAboutErased", testFinishErased},
		{"Gathered_WhileClaimedIsDueAfterwards", testGatherWhileClaimed},
		{"Release_IsDueAtOnce", testRelease},
		{"Hasten_WhatAClockLeftAhead", testHasten},
		{"Resend_OneAndFailed", testResend},
		{"Health_OldestChangeAndDisabled", testHealth},
	}
}

func (f *eventFixture) deliveries(t *testing.T, by clientele.DeliveryFilter) []clientele.Delivery {
	t.Helper()
	if by.ProjectID == 0 {
		by.ProjectID = f.project
	}
	if by.Limit == 0 {
		by.Limit = 100
	}
	list, err := f.ListDeliveries(t.Context(), by)
	mustDo(t, "list deliveries", err)
	return list
}

// claimFor is how long the claims of these tests hold.
const claimFor = 10 * time.Second

func claimAt(lease string, n int) clientele.Claim {
	return clientele.Claim{Lease: lease, At: at(n), Until: at(n).Add(claimFor)}
}

func anyOrder() clientele.DeliveryOrder {
	return clientele.DeliveryOrder{Healthy: 100, Failing: 100, PerSubscription: 10, Admit: func(clientele.ProjectKey, string) bool { return true }}
}

func (f *eventFixture) claim(t *testing.T, lease string, n int) []clientele.Parcel {
	t.Helper()
	list, err := f.ClaimDeliveries(t.Context(), claimAt(lease, n), anyOrder())
	mustDo(t, "claim", err)
	return list
}

// due makes a subscription with n deliveries that are due from the moments 1 to n.
func (f *eventFixture) due(t *testing.T, n int) clientele.Subscription {
	t.Helper()
	s := f.subscribe(t, f.project)
	for i := range n {
		f.commit(t, upsert(f.project, i, "a", email(s.ID+at(i).String())))
		f.gather(t, s, i+1)
	}
	return s
}

func sent(d clientele.Delivery, n int, status clientele.DeliveryStatus) clientele.SentDelivery {
	s := clientele.SentDelivery{DeliveryID: d.ID, Status: status, Attempt: clientele.Attempt{
		At: at(n), Duration: 1500 * time.Microsecond, StatusCode: 200, Answer: []byte("ok"),
	}}
	if status == clientele.DeliveryDue {
		s.DueAt = at(n + 30)
		s.Attempt.StatusCode, s.Attempt.ErrorClass, s.Attempt.Answer = 0, "refused", []byte{}
	}
	return s
}

func (f *eventFixture) finish(t *testing.T, lease string, p clientele.SentParcel) {
	t.Helper()
	mustDo(t, "finish", f.FinishDeliveries(t.Context(), lease, []clientele.SentParcel{p}))
}

func parcelOf(s clientele.Subscription, n int, list ...clientele.SentDelivery) clientele.SentParcel {
	return clientele.SentParcel{ProjectID: s.ProjectID, SubscriptionID: s.ID, Sent: list, At: at(n)}
}

func testClaim(t *testing.T, f *eventFixture) {
	s := f.due(t, 3)
	if early := f.claim(t, "x", 0); len(early) != 0 {
		t.Errorf("%d parcels before anything is due", len(early))
	}
	got := f.claim(t, "x", 3)
	if len(got) != 1 || len(got[0].Deliveries) != 3 {
		t.Fatalf("claim = %+v, want one parcel of three", got)
	}
	wantSame(t, "subscription", f.subscription(t, s), got[0].Subscription)
	for i := 1; i < 3; i++ {
		if a, b := got[0].Deliveries[i-1], got[0].Deliveries[i]; a.Seq >= b.Seq {
			t.Errorf("delivery %d is sent before %d", a.Seq, b.Seq)
		}
	}
	if second := f.claim(t, "y", 4); len(second) != 0 {
		t.Errorf("a second claim has %d parcels", len(second))
	}
}

func testClaimExpires(t *testing.T, f *eventFixture) {
	s := f.due(t, 1)
	held := []clientele.ProjectKey{{ProjectID: s.ProjectID, Key: s.ID}}
	f.claim(t, "x", 2)
	mustDo(t, "renew", f.RenewDeliveries(t.Context(), claimAt("x", 8), held))
	if got := f.claim(t, "y", 13); len(got) != 0 {
		t.Error("a claim that was renewed did not hold")
	}
	mustDo(t, "renew another", f.RenewDeliveries(t.Context(), claimAt("z", 17), held))
	mustDo(t, "renew nothing", f.RenewDeliveries(t.Context(), claimAt("x", 17), nil))
	mustDo(t, "renew what is not held", f.RenewDeliveries(t.Context(), claimAt("x", 17), []clientele.ProjectKey{{ProjectID: s.ProjectID, Key: "y"}}))
	next, err := f.NextDelivery(t.Context())
	mustDo(t, "next", err)
	wantSame(t, "next delivery", at(8).Add(claimFor), next)
	if got := f.claim(t, "y", 19); len(got) != 1 {
		t.Error("a claim that ran out was not taken over")
	}
}

func testClaimRace(t *testing.T, f *eventFixture) {
	const n = 40
	for range n {
		f.subscribe(t, f.project)
	}
	f.commit(t, upsert(f.project, 1, "a", nil))
	list, err := f.ListSubscriptions(t.Context(), clientele.SubscriptionFilter{})
	mustDo(t, "list", err)
	f.gather(t, list[0], 2)
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[string]int{}
	for _, lease := range []string{"x", "y", "z"} {
		wg.Go(func() {
			parcels, err := f.ClaimDeliveries(t.Context(), claimAt(lease, 3), anyOrder())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("claim: %v", err)
			}
			for _, p := range parcels {
				seen[p.Subscription.ID]++
			}
		})
	}
	wg.Wait()
	for id, times := range seen {
		if times != 1 {
			t.Errorf("subscription %s was claimed %d times", id, times)
		}
	}
	if len(seen) != n {
		t.Errorf("%d subscriptions were claimed, want %d", len(seen), n)
	}
}

func testClaimClasses(t *testing.T, f *eventFixture) {
	s := f.due(t, 2)
	p := f.claim(t, "x", 3)[0]
	done := parcelOf(s, 3, sent(p.Deliveries[0], 3, clientele.DeliveryDue))
	done.FailingSince = at(3)
	f.finish(t, "x", done)
	order := anyOrder()
	order.Failing = 0
	got, err := f.ClaimDeliveries(t.Context(), claimAt("x", 50), order)
	mustDo(t, "claim", err)
	if len(got) != 0 {
		t.Error("a failing subscription was claimed as a healthy one")
	}
	order.Healthy, order.Failing = 0, 1
	got, err = f.ClaimDeliveries(t.Context(), claimAt("x", 50), order)
	mustDo(t, "claim", err)
	if len(got) != 1 || len(got[0].Deliveries) != 1 || !got[0].Subscription.FailingSince.Equal(at(3)) {
		t.Errorf("claim of failing ones = %+v, want one with one delivery", got)
	}
}

func testClaimHosts(t *testing.T, f *eventFixture) {
	f.due(t, 1)
	order := anyOrder()
	order.FullHosts = []string{"other.example.com:443", "shop.example.com:443"}
	if got, err := f.ClaimDeliveries(t.Context(), claimAt("x", 5), order); err != nil || len(got) != 0 {
		t.Errorf("claim beside a full host = %d parcels, %v", len(got), err)
	}
	order = anyOrder()
	order.Admit = func(_ clientele.ProjectKey, host string) bool { return host != "shop.example.com:443" }
	if got, err := f.ClaimDeliveries(t.Context(), claimAt("x", 5), order); err != nil || len(got) != 0 {
		t.Errorf("claim of a host that is not admitted = %d parcels, %v", len(got), err)
	}
	if got := f.claim(t, "x", 5); len(got) != 1 {
		t.Errorf("%d parcels when the host has room, want 1", len(got))
	}
}

func testClaimFull(t *testing.T, f *eventFixture) {
	s := f.subscribe(t, f.project)
	for n := range int64(3) {
		made, err := f.GatherEvents(t.Context(), []clientele.Event{{
			ProjectID: f.project, EventType: s.EventType, From: s.Cursor + n, To: s.Cursor + n + 1,
			SubjectIDs: make([]int64, clientele.MaxParcelIDs/2+1), FirstAt: at(0), At: at(0), CreatedAt: at(1),
		}}, f.newID)
		if err != nil || made != 1 {
			t.Fatalf("gather: %d, %v", made, err)
		}
	}
	p := f.claim(t, "x", 2)[0]
	if len(p.Deliveries) != 2 {
		t.Fatalf("%d deliveries in a parcel that is full with two", len(p.Deliveries))
	}
	f.finish(t, "x", parcelOf(s, 3, sent(p.Deliveries[0], 3, clientele.DeliveryDelivered), sent(p.Deliveries[1], 3, clientele.DeliveryDelivered)))
	if rest := f.claim(t, "x", 3); len(rest) != 1 || len(rest[0].Deliveries) != 1 {
		t.Errorf("after a full parcel: %d parcels, want the third delivery", len(rest))
	}
}

func testFinish(t *testing.T, f *eventFixture) {
	s := f.due(t, 2)
	p := f.claim(t, "x", 3)[0]
	first, second := p.Deliveries[0], p.Deliveries[1]
	done := parcelOf(s, 4, sent(first, 3, clientele.DeliveryDelivered), sent(second, 4, clientele.DeliveryDue))
	done.FailingSince = at(4)
	f.finish(t, "x", done)
	got, err := f.FindDelivery(t.Context(), f.project, first.ID)
	mustDo(t, "find", err)
	want := first
	want.Status, want.Attempts, want.DueAt, want.FinishedAt = clientele.DeliveryDelivered, 1, at(3), at(3).Add(1500*time.Microsecond)
	wantSame(t, "delivered", want, got)
	got, err = f.FindDelivery(t.Context(), f.project, second.ID)
	mustDo(t, "find", err)
	want = second
	want.Attempts, want.Retries, want.DueAt = 1, 1, at(34)
	wantSame(t, "to be retried", want, got)
	next, err := f.NextDelivery(t.Context())
	mustDo(t, "next", err)
	wantSame(t, "next", at(34), next)

	p = f.claim(t, "y", 40)[0]
	f.finish(t, "y", parcelOf(s, 40, sent(p.Deliveries[0], 40, clientele.DeliveryDelivered)))
	attempts, err := f.ListAttempts(t.Context(), f.project, second.ID)
	mustDo(t, "attempts", err)
	wantSame(t, "attempts", []clientele.Attempt{
		{DeliveryID: second.ID, Number: 1, At: at(4), Duration: 1500 * time.Microsecond, ErrorClass: "refused", Answer: []byte{}},
		{DeliveryID: second.ID, Number: 2, At: at(40), Duration: 1500 * time.Microsecond, StatusCode: 200, Answer: []byte("ok")},
	}, attempts)
	wantSame(t, "failing since", time.Time{}, f.subscription(t, s).FailingSince)
	if due := f.deliveries(t, clientele.DeliveryFilter{Status: clientele.DeliveryDue}); len(due) != 0 {
		t.Errorf("%d deliveries are still due", len(due))
	}
}

func testFinishLate(t *testing.T, f *eventFixture) {
	s := f.due(t, 1)
	d := f.claim(t, "x", 3)[0].Deliveries[0]
	f.claim(t, "y", 30) // x ran out
	late := parcelOf(s, 31, sent(d, 31, clientele.DeliveryDue))
	late.Disable, late.FailingSince = "late", at(3)
	f.finish(t, "x", late)
	if got := f.subscription(t, s); !got.DisabledAt.IsZero() || !got.FailingSince.IsZero() {
		t.Errorf("a claim that ran out changed its subscription: %+v", got)
	}
	if got := f.claim(t, "z", 32); len(got) != 0 {
		t.Error("a claim that ran out ended another's")
	}
	f.finish(t, "y", parcelOf(s, 33, sent(d, 33, clientele.DeliveryDelivered)))
	f.finish(t, "x", parcelOf(s, 34, sent(d, 34, clientele.DeliveryFailed)))
	got, err := f.FindDelivery(t.Context(), f.project, d.ID)
	mustDo(t, "find", err)
	if got.Status != clientele.DeliveryDelivered || got.Attempts != 3 {
		t.Errorf("delivery is %s after %d attempts, want delivered after 3", got.Status, got.Attempts)
	}
}

func testFinishDisables(t *testing.T, f *eventFixture) {
	s := f.due(t, 1)
	d := f.claim(t, "x", 3)[0].Deliveries[0]
	done := parcelOf(s, 4, sent(d, 4, clientele.DeliveryDue))
	done.Disable, done.FailingSince = "gone", at(4)
	f.finish(t, "x", done)
	if got := f.subscription(t, s); !got.DisabledAt.Equal(at(4)) || got.DisabledReason != "gone" {
		t.Errorf("disabled at %s, %q", got.DisabledAt, got.DisabledReason)
	}
	if got := f.claim(t, "x", 100); len(got) != 0 {
		t.Error("a disabled subscription was claimed")
	}
}

func testGatherWhileClaimed(t *testing.T, f *eventFixture) {
	s := f.due(t, 1)
	p := f.claim(t, "x", 3)[0]
	f.commit(t, upsert(f.project, 4, "b", nil))
	f.gather(t, s, 4)
	if got := f.claim(t, "y", 5); len(got) != 0 {
		t.Error("a new event broke a claim")
	}
	f.finish(t, "x", parcelOf(s, 6, sent(p.Deliveries[0], 6, clientele.DeliveryDelivered)))
	if got := f.claim(t, "y", 6); len(got) != 1 || len(got[0].Deliveries) != 1 {
		t.Errorf("after the claim: %+v, want the new delivery", got)
	}
}

func testRelease(t *testing.T, f *eventFixture) {
	f.due(t, 1)
	f.claim(t, "x", 3)
	mustDo(t, "release", f.ReleaseDeliveries(t.Context(), "y"))
	if got := f.claim(t, "y", 4); len(got) != 0 {
		t.Error("another's claim was released")
	}
	mustDo(t, "release", f.ReleaseDeliveries(t.Context(), "x"))
	if got := f.claim(t, "y", 4); len(got) != 1 {
		t.Error("a claim was not released")
	}
	mustDo(t, "release", f.ReleaseDeliveries(t.Context(), ""))
	if got := f.claim(t, "z", 5); len(got) != 1 {
		t.Error("not all claims were released")
	}
}

func testResend(t *testing.T, f *eventFixture) {
	s := f.due(t, 3)
	p := f.claim(t, "x", 4)[0]
	f.finish(t, "x", parcelOf(s, 4, sent(p.Deliveries[0], 4, clientele.DeliveryDelivered),
		sent(p.Deliveries[1], 4, clientele.DeliveryFailed), sent(p.Deliveries[2], 4, clientele.DeliveryFailed)))
	wantKind(t, "resend a foreign one", f.ResendDelivery(t.Context(), f.other, p.Deliveries[0].ID, at(5)), clientele.KindNotFound)
	mustDo(t, "resend", f.ResendDelivery(t.Context(), f.project, p.Deliveries[0].ID, at(5)))
	window := clientele.Resend{ProjectID: f.project, SubscriptionID: s.ID, From: at(3), To: at(3), At: at(6)}
	n, err := f.ResendFailed(t.Context(), window)
	mustDo(t, "resend failed", err)
	if n != 1 {
		t.Errorf("%d failed deliveries are sent again, want 1", n)
	}
	got := f.claim(t, "x", 7)
	if len(got) != 1 || len(got[0].Deliveries) != 2 {
		t.Fatalf("claim = %+v, want the two that are sent again", got)
	}
	for i, want := range []string{p.Deliveries[0].ID, p.Deliveries[2].ID} {
		if d := got[0].Deliveries[i]; d.ID != want || d.Retries != 0 || d.Attempts != 1 {
			t.Errorf("sent again: %s with %d retries, %d attempts; want %s, 0, 1", d.ID, d.Retries, d.Attempts, want)
		}
	}
	page := f.deliveries(t, clientele.DeliveryFilter{SubscriptionID: s.ID, Limit: 2})
	rest := f.deliveries(t, clientele.DeliveryFilter{SubscriptionID: s.ID, Before: page[1].Seq})
	if len(page) != 2 || len(rest) != 1 || page[0].Seq < page[1].Seq || page[1].Seq < rest[0].Seq {
		t.Errorf("pages of deliveries are out of order: %d and %d", len(page), len(rest))
	}
}

func testHealth(t *testing.T, f *eventFixture) {
	s := f.due(t, 2)
	idle := f.subscribe(t, f.project)
	mustDo(t, "disable", f.DisableSubscription(t.Context(), f.project, idle.ID, "x", at(3)))
	got, err := f.ListSubscriptionHealth(t.Context())
	mustDo(t, "health", err)
	wantSame(t, "health", []clientele.SubscriptionHealth{
		{ID: s.ID, ProjectID: f.project, Due: 2, OldestChange: at(0)}, {ID: idle.ID, ProjectID: f.project, Disabled: true},
	}, got)
	ofOne, err := f.ListProjectSubscriptionHealth(t.Context(), f.project)
	mustDo(t, "health of a project", err)
	wantSame(t, "health of a project", got, ofOne)
	ofOther, err := f.ListProjectSubscriptionHealth(t.Context(), f.other)
	mustDo(t, "health of another", err)
	wantSame(t, "health of another", nil, ofOther)
}
