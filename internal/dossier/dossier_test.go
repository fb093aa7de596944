package dossier_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/dossier"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"

	"github.com/go-json-experiment/json"
)

// book is a store as these tests use it.
type book interface {
	dossier.Book
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)
	CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error)
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	CreateSubscription(ctx context.Context, s clientele.Subscription) (clientele.Subscription, error)
	GatherEvents(ctx context.Context, events []clientele.Event, newID func() string) (int, error)
	ClaimDeliveries(ctx context.Context, claim clientele.Claim, order clientele.DeliveryOrder) ([]clientele.Parcel, error)
	FinishDeliveries(ctx context.Context, lease string, parcels []clientele.SentParcel) error
	PutRefusals(ctx context.Context, list []clientele.Refusal, b clientele.RefusalBounds) error
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, kind string) book {
	t.Helper()
	if kind == "PostgreSQL" {
		s, err := postgres.Open(t.Context(), postgres.Options{URL: pgtest.New(t)})
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	s, err := sqlite.Open(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, _, err = s.Migrate(t.Context())
	must(t, err)
	return s
}

func onBothStores(t *testing.T, test func(t *testing.T, b book)) {
	t.Helper()
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, kind))
		})
	}
}

// person returns what is stated of a made-up person; each value has the name in it.
func person(name string) clientele.Patch {
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(name+"-77"))
	p.Put(clientele.FieldLastName, clientele.Some("Lovelace "+name))
	p.Put(clientele.FieldEmail, clientele.Some(name+"@example.com"))
	return p
}

func commit(t *testing.T, b book, w clientele.Write) int64 {
	t.Helper()
	w.Origin, w.At = clientele.Origin{Dialect: clientele.OPM, RequestID: "r"}, start
	outcomes, err := b.Commit(t.Context(), []clientele.Write{w})
	must(t, err)
	must(t, outcomes[0].Err)
	return outcomes[0].SubjectID
}

// fill writes the same about two people and returns the project and their ids.
func fill(t *testing.T, b book) (project int64, ids []int64) {
	t.Helper()
	p, err := b.CreateProject(t.Context(), clientele.Project{Name: "shop", TimeZone: "UTC", CreatedAt: start})
	must(t, err)
	for i, name := range []string{"ada", "bob"} {
		w := clientele.Write{
			ProjectID: p.ID, Idempotency: &clientele.Idempotency{CredentialID: 1, Key: "key of " + name},
			Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: person(name), Addresses: []clientele.Address{{
				AddressDetails: clientele.AddressDetails{City: clientele.Some("City of " + name)}, IsDefaultBilling: true,
			}}},
		}
		id := commit(t, b, w)
		ids = append(ids, id)
		w.Idempotency = nil
		w.Customer.Patch.Put(clientele.FieldEmail, clientele.Some(name+".new@example.com"))
		commit(t, b, w)
		for n, s := range []clientele.Submission{
			{Target: fmt.Sprint(id)},
			{Write: clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: person(name)}},
		} {
			s.ID, s.ProjectID, s.AcceptedAt = fmt.Sprintf("a0000000-0000-4000-8000-0000000000%d%d", i+1, n), p.ID, start
			commit(t, b, clientele.Write{ProjectID: p.ID, Submission: &s})
		}
		must(t, b.PutRefusals(t.Context(), []clientele.Refusal{
			{At: start, ProjectID: p.ID, RequestID: name + " by body", BodyState: clientele.BodyWhole, Body: `{"id": "` + strings.ToUpper(name) + `-77"}`},
			{At: start, RequestID: name + " by target", BodyState: clientele.BodyNone, Target: "/x?email=" + name + ".new@example.com"},
			{At: start, ProjectID: p.ID + 1, RequestID: name + " elsewhere", BodyState: clientele.BodyWhole, Body: `"` + name + `-77"`},
		}, clientele.RefusalBounds{PerCaller: 100, Unknown: 100, Total: 100}))
	}
	send(t, b, p.ID, ids)
	return p.ID, ids
}

// send tells of the people, each in an event of its own, and of both in a third.
func send(t *testing.T, b book, project int64, ids []int64) {
	t.Helper()
	ctx := t.Context()
	sub, err := b.CreateSubscription(ctx, clientele.Subscription{
		ID: "b0000000-0000-4000-8000-000000000001", ProjectID: project, EventType: clientele.CustomerChanged,
		URL: "https://shop.example.com/", Host: "shop.example.com:443", SigningSecret: "whsec_a", CreatedAt: start,
		RequestTimeout: time.Second, Retry: []time.Duration{},
	})
	must(t, err)
	var events []clientele.Event
	for n, list := range [][]int64{{ids[0]}, {ids[1]}, {ids[1], ids[0]}, {10*ids[0] + 9}} {
		events = append(events, clientele.Event{
			ProjectID: project, EventType: clientele.CustomerChanged, From: sub.Cursor + int64(n), To: sub.Cursor + int64(n) + 1,
			SubjectIDs: list, FirstAt: start, At: start, CreatedAt: start,
		})
	}
	n := 0
	_, err = b.GatherEvents(ctx, events, func() string { n++; return fmt.Sprintf("d0000000-0000-4000-8000-00000000000%d", n) })
	must(t, err)
	claim := clientele.Claim{Lease: "lease", At: start.Add(time.Hour), Until: start.Add(2 * time.Hour)}
	parcels, err := b.ClaimDeliveries(ctx, claim, clientele.DeliveryOrder{
		Healthy: 9, Failing: 9, PerSubscription: 9, Admit: func(clientele.ProjectKey, string) bool { return true },
	})
	must(t, err)
	sent := clientele.SentParcel{ProjectID: project, SubscriptionID: sub.ID, At: start}
	for _, d := range parcels[0].Deliveries {
		sent.Sent = append(sent.Sent, clientele.SentDelivery{DeliveryID: d.ID, Status: clientele.DeliveryDelivered, Attempt: clientele.Attempt{
			At: start, StatusCode: 200, Answer: []byte("thanks"),
		}})
	}
	must(t, b.FinishDeliveries(ctx, claim.Lease, []clientele.SentParcel{sent}))
}

// TestCollect finds everything about one person and nothing about another one.
func TestCollect(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, b book) {
		project, ids := fill(t, b)
		for i, name := range []string{"ada", "bob"} {
			d, err := dossier.Collect(t.Context(), b, project, ids[i])
			must(t, err)
			got := fmt.Sprint(len(d.Addresses), len(d.Changes), len(d.Submissions), len(d.Events), len(d.Deliveries), len(d.Attempts),
				len(d.RefusedCalls), len(d.RememberedCalls))
			if want := "1 2 2 2 2 2 2 1"; got != want {
				t.Errorf("%s has %s rows, want %s: %v", name, got, want, d)
			}
			text, err := json.Marshal(d, json.Deterministic(true))
			must(t, err)
			for _, want := range []string{
				`"email":"` + name + `.new@example.com"`, `"created_at":"2026-03-01T12:00:00Z"`, `"is_default_billing":true`,
				`"new_values":{"email":"` + name + `.new@example.com"}`, `"external_id":"` + name + `-77"`,
				`"answer":"thanks"`, name + " by body", name + " by target", `"key":"key of ` + name + `"`,
			} {
				if !strings.Contains(string(text), want) {
					t.Errorf("the dossier of %s is without %s: %s", name, want, text)
				}
			}
			other := []string{"bob", "ada"}[i]
			if strings.Contains(string(text), other) || strings.Contains(string(text), "elsewhere") || strings.Contains(string(text), "lease") {
				t.Errorf("the dossier of %s tells of %s: %s", name, other, text)
			}
		}
	})
}

// TestCollect_SameOnBothStores: both kinds of store give the same bytes.
func TestCollect_SameOnBothStores(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		b := open(t, kind)
		project, ids := fill(t, b)
		d, err := dossier.Collect(t.Context(), b, project, ids[0])
		must(t, err)
		text, err := json.Marshal(d, json.Deterministic(true))
		must(t, err)
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		t.Errorf("SQLite:\n%s\nPostgreSQL:\n%s", texts[0], texts[1])
	}
}

// TestCollect_Nobody is told so.
func TestCollect_Nobody(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, b book) {
		if _, err := dossier.Collect(t.Context(), b, 1, 77); clientele.KindOf(err) != clientele.KindNotFound {
			t.Errorf("Collect of nobody: %v", err)
		}
	})
}
