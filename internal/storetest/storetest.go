// Package storetest is the suite that every store of the book passes. It runs on a real database that the store's own
// test opens, and knows nothing of the store but its methods.
package storetest

import (
	"context"
	"testing"
	"time"

	"clientele"
)

// Store is what the suite asks of a store. Each method behaves as documented at the SQLite store.
type Store interface {
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)

	CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error)
	FindProject(ctx context.Context, name string) (clientele.Project, error)
	FindProjectByID(ctx context.Context, id int64) (clientele.Project, error)
	ListProjects(ctx context.Context) ([]clientele.Project, error)

	CreateCredential(ctx context.Context, c clientele.Credential, secret clientele.SecretHash) (clientele.Credential, error)
	FindCredential(ctx context.Context, id int64) (clientele.Credential, error)
	FindCredentialBySecret(ctx context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error)
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
	RevokeCredential(ctx context.Context, id int64, at time.Time) error
	RotateCredential(ctx context.Context, secret clientele.Secret, hint string, oldUntil time.Time) error
	SetCredentialLimits(ctx context.Context, id int64, readsPerMinute, writesPerMinute int) error
	TouchCredentials(ctx context.Context, usedAt map[int64]time.Time) error

	FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error)
	FindCustomerByExternalID(ctx context.Context, project int64, externalID string) (clientele.Customer, error)
	FilterCustomers(ctx context.Context, f clientele.CustomerFilter) (ids []int64, total int, err error)
	ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error)
	LoadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error)
	clientele.CustomerShelf
	ListChanges(ctx context.Context, project int64, subject clientele.Subject, id int64) ([]clientele.Change, error)
	ListHistory(ctx context.Context, q clientele.HistoryQuery) ([]clientele.Change, error)
	SearchCustomers(ctx context.Context, q clientele.CustomerSearch) (clientele.CustomerHits, error)
	ListTermPlaces(ctx context.Context) ([]clientele.TermPlace, error)
	FindTermPlace(ctx context.Context, project int64) (clientele.TermPlace, error)
	LoadSearched(ctx context.Context, project int64, ids []int64) ([]clientele.SearchedCustomer, error)
	KeepTerms(ctx context.Context, step clientele.TermStep) (done bool, err error)
	ForgetTerms(ctx context.Context, project, customer int64) error
	ForgetCalls(ctx context.Context, before time.Time, limit int) (int64, error)

	EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error
	ListErasures(ctx context.Context, q clientele.ErasureQuery) ([]clientele.Erasure, error)
	FindErased(ctx context.Context, project int64, ids []clientele.Identifier) ([]clientele.MarkedErasure, error)
	ForgetErasureMarks(ctx context.Context, before time.Time, limit int) (int64, error)

	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	FindCampaign(ctx context.Context, uuid string) (clientele.Campaign, error)
	ListCampaigns(ctx context.Context) ([]clientele.Campaign, error)
	PauseCampaign(ctx context.Context, project, id int64, at time.Time) error
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	FindPublisher(ctx context.Context, uuid string) (clientele.Publisher, error)
	ListPublishers(ctx context.Context) ([]clientele.Publisher, error)
	PausePublisher(ctx context.Context, id int64, at time.Time) error
	FindLead(ctx context.Context, project int64, uuid string) (clientele.Lead, error)
	FindLeadProject(ctx context.Context, uuid string) (int64, error)
	ForgetVisitors(ctx context.Context, before time.Time, limit int) (int64, error)

	ProjectsWithSubmissions(ctx context.Context) ([]int64, error)
	ClaimSubmissions(ctx context.Context, project int64, c clientele.Claim, limit int) ([]clientele.Submission, error)
	FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error)
	ListSubmissions(ctx context.Context, f clientele.SubmissionFilter) ([]clientele.Submission, error)
	ForgetSubmissions(ctx context.Context, before time.Time, limit int) (int64, error)
	FindLeadByID(ctx context.Context, project, id int64) (clientele.Lead, error)
	ListLeads(ctx context.Context, q clientele.LeadQuery) (clientele.LeadPage, error)
	ListLeadHistory(ctx context.Context, project, lead, before int64, limit int) ([]clientele.Change, error)
	CountSameIP(ctx context.Context, leads []clientele.Lead, limit int) ([]int, error)
	ListLeadCountings(ctx context.Context) ([]clientele.LeadCounting, error)
	FindLeadCounting(ctx context.Context, project int64) (clientele.LeadCounting, error)
	ReadLeadChanges(ctx context.Context, project, after, upTo int64) ([]clientele.Change, error)
	ReadLeadHistories(ctx context.Context, project int64, leads []int64, upTo int64) ([]clientele.Change, error)
	CountLeads(ctx context.Context, step clientele.LeadCountStep) (done bool, err error)
	ForgetLeadCounts(ctx context.Context, project int64) error
	LastLeadDay(ctx context.Context, q clientele.LeadQuery, r clientele.CellRange) (clientele.Day, error)
	ListLeadCounts(ctx context.Context, q clientele.LeadCountQuery) ([]clientele.LeadCount, error)

	ListSigningKeys(ctx context.Context) ([]clientele.SigningKey, error)
	RotateSigningKey(ctx context.Context, k clientele.SigningKey, renewBefore, oldUntil time.Time) error
	DeleteSigningKeys(ctx context.Context, retiredBefore time.Time) error

	CreateSubscription(ctx context.Context, s clientele.Subscription) (clientele.Subscription, error)
	CreateSubscriptionOnce(ctx context.Context, s clientele.Subscription, call clientele.Idempotency) (clientele.Subscription, error)
	FindSubscription(ctx context.Context, project int64, id string) (clientele.Subscription, error)
	ListSubscriptions(ctx context.Context, f clientele.SubscriptionFilter) ([]clientele.Subscription, error)
	SetSubscriptionPolicies(ctx context.Context, project int64, id string, retry []time.Duration, timeout time.Duration) error
	RotateSubscription(ctx context.Context, project int64, id string, r clientele.SecretRotation) error
	DeleteSubscription(ctx context.Context, project int64, id string, at time.Time) error
	DisableSubscription(ctx context.Context, project int64, id, reason string, at time.Time) error
	EnableSubscription(ctx context.Context, project int64, id string, keptFrom time.Time) error
	RewindSubscription(ctx context.Context, project int64, id string, since time.Time) error
	ListSubscriptionHealth(ctx context.Context) ([]clientele.SubscriptionHealth, error)
	ListProjectSubscriptionHealth(ctx context.Context, project int64) ([]clientele.SubscriptionHealth, error)

	ListEventCursors(ctx context.Context) ([]clientele.EventCursor, error)
	ReadChanges(ctx context.Context, cursors []clientele.EventCursor, limit int) ([]clientele.ChangeTail, error)
	GatherEvents(ctx context.Context, events []clientele.Event, newID func() string) (int, error)

	ClaimDeliveries(ctx context.Context, c clientele.Claim, o clientele.DeliveryOrder) ([]clientele.Parcel, error)
	RenewDeliveries(ctx context.Context, c clientele.Claim, subscriptions []clientele.ProjectKey) error
	FinishDeliveries(ctx context.Context, lease string, parcels []clientele.SentParcel) error
	ReleaseDeliveries(ctx context.Context, lease string) error
	HastenDeliveries(ctx context.Context, now, latest time.Time) error
	NextDelivery(ctx context.Context) (time.Time, error)

	FindDelivery(ctx context.Context, project int64, id string) (clientele.Delivery, error)
	ListDeliveries(ctx context.Context, f clientele.DeliveryFilter) ([]clientele.Delivery, error)
	ListAttempts(ctx context.Context, project int64, delivery string) ([]clientele.Attempt, error)
	ResendDelivery(ctx context.Context, project int64, id string, at time.Time) error
	ResendFailed(ctx context.Context, r clientele.Resend) (int64, error)
	ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int64, error)

	CreateOperator(ctx context.Context, o clientele.Operator) (clientele.Operator, error)
	FindOperator(ctx context.Context, id int64) (clientele.Operator, error)
	FindOperatorByEmail(ctx context.Context, email string) (clientele.Operator, error)
	ListOperators(ctx context.Context) ([]clientele.Operator, error)
	SetOperatorRole(ctx context.Context, id int64, role clientele.Role) error
	DisableOperator(ctx context.Context, id int64, at time.Time) error
	SetOperatorPassword(ctx context.Context, o clientele.Operator, instead string) error
	RecordLogin(ctx context.Context, id int64, at time.Time) error
	RecordFailedLogin(ctx context.Context, id int64, at time.Time, lockFor func(failed int) time.Duration) error
	FindSession(ctx context.Context, token string, now time.Time) (data []byte, found bool, err error)
	PutSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error
	UpdateSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error
	DeleteSession(ctx context.Context, token string) error
	ForgetSessions(ctx context.Context, before time.Time, limit int) (int64, error)
	AppendAudit(ctx context.Context, e clientele.AuditEntry) error
	ListAudit(ctx context.Context, f clientele.AuditFilter) ([]clientele.AuditEntry, error)
	ForgetAudit(ctx context.Context, before time.Time, limit int) (int64, error)

	AddCallCounts(ctx context.Context, counts []clientele.CallCount) error
	ListCallCounts(ctx context.Context, q clientele.CallQuery) ([]clientele.CallCount, error)
	ForgetCallCounts(ctx context.Context, before time.Time, limit int) (int64, error)
	ListNewestChanges(ctx context.Context, project int64, limit int) ([]clientele.Change, error)
	CountWaitingSubmissions(ctx context.Context, most int) (int, error)
	PutRefusals(ctx context.Context, list []clientele.Refusal, b clientele.RefusalBounds) error
	ListRefusals(ctx context.Context, f clientele.RefusalFilter) ([]clientele.Refusal, error)
	FindRefusal(ctx context.Context, id int64) (clientele.Refusal, error)
	NewestRefusal(ctx context.Context) (int64, error)
	ForgetRefusals(ctx context.Context, before time.Time, limit int) (int64, error)

	UpdatedCustomers() int64
	SweepPlaces(ctx context.Context, project int64, after clientele.Position, limit int) (last clientele.Position, seen int, err error)

	Ping(ctx context.Context) error
	Close() error
}

// check is one behaviour of a store.
type check struct {
	name string
	run  func(*testing.T, *fixture)
}

// Run holds a store to the suite. open returns a new book, empty and migrated; Run closes it.
func Run(t *testing.T, open func(t testing.TB) Store) {
	for _, subject := range []struct {
		name   string
		checks []check
	}{
		{"project", projectChecks()},
		{"credential", credentialChecks()},
		{"customer", customerChecks()},
		{"customer fields", customerFieldChecks()},
		{"customer keys", customerKeyChecks()},
		{"filter", filterChecks()},
		{"list", listChecks()},
		{"change", changeChecks()},
		{"search", searchChecks()},
		{"search duty", termChecks()},
		{"edit", editChecks()},
		{"commit", commitChecks()},
		{"erasure", erasureChecks()},
		{"commit failure", commitFailureChecks()},
		{"idempotency", idempotencyChecks()},
		{"campaign", campaignChecks()},
		{"publisher", publisherChecks()},
		{"lead", leadChecks()},
		{"submission", submissionChecks()},
		{"submission at once", atOnceChecks()},
		{"lead list", leadListChecks()},
		{"lead counts", leadCountChecks()},
		{"signing key", signingKeyChecks()},
		{"subscription", eventChecks(subscriptionChecks())},
		{"gathering", eventChecks(gatheringChecks())},
		{"delivery", eventChecks(deliveryChecks())},
		{"list of deliveries", eventChecks(deliveryListChecks())},
		{"forget deliveries", eventChecks(deliveryForgetChecks())},
		{"operator", operatorChecks()},
		{"session", sessionChecks()},
		{"audit", auditChecks()},
		{"traffic", trafficChecks()},
		{"refusal", refusalChecks()},
		{"property", propertyChecks()},
	} {
		t.Run(subject.name, func(t *testing.T) {
			for _, c := range subject.checks {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel() // a store waits for the disk most of the time
					c.run(t, newFixture(t, open))
				})
			}
		})
	}
}

// fixture is a new book with two projects.
type fixture struct {
	Store
	project int64
	other   int64
}

func newFixture(t *testing.T, open func(t testing.TB) Store) *fixture {
	f := &fixture{Store: open(t)}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	f.project = f.newProject(t, "Harbour Outfitters")
	f.other = f.newProject(t, "Maple Street Tools")
	return f
}

func (f *fixture) newProject(t tester, name string) int64 {
	t.Helper()
	p, err := f.CreateProject(t.Context(), clientele.Project{Name: name, TimeZone: clientele.DefaultTimeZone, CreatedAt: at(0)})
	if err != nil {
		t.Fatalf("create project %q: %v", name, err)
	}
	return p.ID
}

// at returns the nth moment of a test, an odd microsecond in UTC.
func at(n int) time.Time {
	return time.Date(2026, time.November, 22, 10, 0, n, (n%1000+1)*1000, time.UTC)
}
