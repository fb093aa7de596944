package storetest

import (
	"sync"
	"testing"
	"time"

	"clientele"
)

// order is a subscription that is to be made.
func (f *eventFixture) order(project int64, createdAt time.Time) clientele.Subscription {
	return clientele.Subscription{
		ID: f.newID(), ProjectID: project, EventType: clientele.CustomerChanged, URL: "https://shop.example.com/events",
		Host: "shop.example.com:443", SigningSecret: "whsec_bmV3", RequestTimeout: 100 * time.Second, CreatedAt: createdAt,
	}
}

func called(credential int64, key, body string) clientele.Idempotency {
	return clientele.Idempotency{CredentialID: credential, Key: key, BodyHash: secretOf(body)}
}

// testSubscriptionOnce: the same call makes one subscription, for a day; another request under its key is a conflict, another
// credential, project or key is another call, and a key is that of writes as well.
func testSubscriptionOnce(t *testing.T, f *eventFixture) {
	first := f.order(f.project, at(1))
	made, err := f.CreateSubscriptionOnce(t.Context(), first, called(7, "k", "body"))
	mustDo(t, "create", err)
	wantSame(t, "subscription", made, f.subscription(t, first))
	for _, k := range []struct {
		project int64
		call    clientele.Idempotency
		at      time.Time
		again   bool
	}{
		{f.project, called(7, "k", "body"), at(2), true},
		{f.project, called(7, "k", "body"), at(1).Add(clientele.MaxIdempotencyAge - 1000), true},
		{f.project, called(8, "k", "body"), at(2), false},
		{f.project, called(7, "K", "body"), at(2), false},
		{f.other, called(7, "k", "body"), at(2), false},
		{f.project, called(7, "k", "other"), at(1).Add(clientele.MaxIdempotencyAge), false},
		{f.project, called(7, "k", "other"), at(2).Add(clientele.MaxIdempotencyAge), true},
	} {
		want := f.order(k.project, k.at)
		got, err := f.CreateSubscriptionOnce(t.Context(), want, k.call)
		mustDo(t, "create", err)
		if again := got.ID != want.ID; again != k.again || got.ProjectID != k.project {
			t.Errorf("%+v at %s makes %s of project %d, a repeat: %t", k.call, k.at, got.ID, got.ProjectID, again)
		}
	}
	list, err := f.ListSubscriptions(t.Context(), clientele.SubscriptionFilter{ProjectID: f.project})
	mustDo(t, "list", err)
	if len(list) != 4 {
		t.Errorf("%d subscriptions, want 4", len(list))
	}
	f.commitOne(t, namedCreate(f.project, 3, "of a write", "body"), clientele.Created)
	for _, call := range []clientele.Idempotency{called(8, "k", "x"), called(7, "of a write", "x")} {
		_, err := f.CreateSubscriptionOnce(t.Context(), f.order(f.project, at(4)), call)
		wantKind(t, "another request", err, clientele.KindConflict)
	}
	wantConflict(t, "a write under the key of a subscription", f.commit(t, namedCreate(f.project, 4, "K", "other"))[0])
}

// testSubscriptionOnceAtOnce: of many that send one call at the same time, all are answered with the one that was made.
func testSubscriptionOnceAtOnce(t *testing.T, f *eventFixture) {
	var all sync.WaitGroup
	var got [8]clientele.Subscription
	var errs [len(got)]error
	for i := range got {
		order := f.order(f.project, at(1))
		all.Go(func() { got[i], errs[i] = f.CreateSubscriptionOnce(t.Context(), order, called(7, "k", "body")) })
	}
	all.Wait()
	for i, err := range errs {
		mustDo(t, "create", err)
		if got[i].ID != got[0].ID {
			t.Errorf("subscriptions %s and %s of one call", got[0].ID, got[i].ID)
		}
	}
	list, err := f.ListSubscriptions(t.Context(), clientele.SubscriptionFilter{ProjectID: f.project})
	mustDo(t, "list", err)
	if len(list) != 1 {
		t.Errorf("%d subscriptions, want 1", len(list))
	}
}
