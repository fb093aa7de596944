package transfer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
	"clientele/internal/work"
)

// book is a store as these tests use it.
type book interface {
	Target
	eventBook
	operatorBook
	erasureBook
	work.CustomerTermStore
	Arriving(ctx context.Context) (bool, error)
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)

	CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error)
	CreateCredential(ctx context.Context, c clientele.Credential, secret clientele.SecretHash) (clientele.Credential, error)
	RotateCredential(ctx context.Context, secret clientele.Secret, hint string, oldUntil time.Time) error
	RevokeCredential(ctx context.Context, id int64, at time.Time) error
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	PauseCampaign(ctx context.Context, project, id int64, at time.Time) error
	ListCampaigns(ctx context.Context) ([]clientele.Campaign, error)
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	ListPublishers(ctx context.Context) ([]clientele.Publisher, error)
	RotateSigningKey(ctx context.Context, k clientele.SigningKey, renewBefore, oldUntil time.Time) error
	ListSigningKeys(ctx context.Context) ([]clientele.SigningKey, error)
	ClaimSubmissions(ctx context.Context, project int64, claim clientele.Claim, limit int) ([]clientele.Submission, error)
	FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error)
	FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error)
	FilterCustomers(ctx context.Context, f clientele.CustomerFilter) (ids []int64, total int, err error)
	FindLead(ctx context.Context, project int64, uuid string) (clientele.Lead, error)
	ListChanges(ctx context.Context, project int64, subject clientele.Subject, id int64) ([]clientele.Change, error)
}

// newSQLite opens a new, empty book in a directory.
func newSQLite(t testing.TB) book {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// newPostgres opens a new, empty book on a database server.
func newPostgres(t testing.TB) book {
	t.Helper()
	return openPostgres(t, postgres.Options{URL: pgtest.New(t)})
}

func openPostgres(t testing.TB, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// fixture fills a book with some of everything, in two projects whose ids alternate and a third with nothing in it.
type fixture struct {
	t        testing.TB
	book     book
	projects []int64
	texts    []string // one for each customer
	n        int      // counts moments
}

// uuidOf returns the nth made-up UUID.
func uuidOf(n int) string { return fmt.Sprintf("a0000000-0000-4000-8000-%012d", n) }

func fill(t testing.TB, b book) *fixture {
	t.Helper()
	return fillWith(t, b, everyRune()[:12])
}

func fillWith(t testing.TB, b book, texts []string) *fixture {
	t.Helper()
	f := &fixture{t: t, book: b, texts: texts}
	for _, name := range []string{"Ćmielów \"Porcelain\" 🏺", "Maple Street Tools", "Nothing yet"} {
		p, err := b.CreateProject(t.Context(), clientele.Project{Name: name, TimeZone: "Europe/Warsaw", CreatedAt: f.moment()})
		f.must(err)
		f.projects = append(f.projects, p.ID)
	}
	f.credentials()
	f.customers()
	f.leads()
	f.submissions()
	f.remembered()
	f.events()
	f.operators()
	f.erasures()
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// moment returns the next moment, an odd microsecond.
func (f *fixture) moment() time.Time {
	f.n++
	return time.Date(2026, time.November, 22, 10, 0, f.n, (f.n%999+1)*1000, time.UTC)
}

func (f *fixture) commit(writes ...clientele.Write) []clientele.Outcome {
	f.t.Helper()
	for i := range writes {
		f.n++
		w := &writes[i]
		w.Origin = clientele.Origin{Dialect: clientele.OPM, CredentialID: int64(f.n), RequestID: fmt.Sprintf("r-%d", f.n)}
		if w.At.IsZero() {
			w.At = f.moment()
		}
	}
	outcomes, err := f.book.Commit(f.t.Context(), writes)
	f.must(err)
	for i, o := range outcomes {
		if o.Err != nil {
			f.t.Fatalf("write %d: %v", i, o.Err)
		}
	}
	return outcomes
}

// credentials makes credentials of all sorts, with a secret more and without an end, and signing keys.
func (f *fixture) credentials() {
	ctx := f.t.Context()
	for i, d := range clientele.PartnerDialects {
		c := clientele.Credential{
			Dialect: d, Name: "Partner Żółw 🐢", Hint: "", CreatedAt: f.moment(), ReadsPerMinute: math.MaxInt32,
			Grants: []clientele.Grant{{ProjectID: f.projects[1]}},
		}
		if i%2 == 1 {
			c.ClientID, c.Scopes, c.ExpiresAt = clientele.Some(fmt.Sprint("client-", i)), []string{"b", "a"}, f.moment()
			c.Grants = append(c.Grants, clientele.Grant{ProjectID: f.projects[0], KeyHash: sha256.Sum256([]byte{byte(i)})})
		}
		c, err := f.book.CreateCredential(ctx, c, clientele.HashSecret(d, "first"))
		f.must(err)
		second := clientele.Secret{CredentialID: c.ID, Hash: clientele.HashSecret(d, "second"), CreatedAt: f.moment()}
		f.must(f.book.RotateCredential(ctx, second, "hint", f.moment()))
		if i == 2 {
			f.must(f.book.RevokeCredential(ctx, c.ID, f.moment()))
		}
	}
	for _, id := range []string{"key-b", "Key-A", "żeton"} {
		at := f.moment()
		seed := sha256.Sum256([]byte(id))
		f.must(f.book.RotateSigningKey(ctx, clientele.SigningKey{ID: id, Seed: seed[:], CreatedAt: at}, at, at))
	}
}

// everyRune is each character that a text may hold, in pieces of as many as a long text has.
func everyRune() []string {
	var pieces []string
	var b strings.Builder
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
		if r%16384 == 0 || r == utf8.MaxRune {
			pieces = append(pieces, b.String())
			b.Reset()
		}
	}
	return pieces
}

// customers makes customers with every field and with none, NULL and "", all characters, at the ends of time.
func (f *fixture) customers() {
	extremes := []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.UnixMicro(-1), time.UnixMicro(0),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	}
	var writes []clientele.Write
	for i, text := range f.texts {
		var p clientele.Patch
		for field := range clientele.AllFields.All {
			switch (i + int(field)) % 3 {
			case 0:
				p.Put(field, clientele.Some(fmt.Sprint(field, i)))
			case 1:
				p.Put(field, clientele.Text{})
			}
		}
		p.Put(clientele.FieldLastName, clientele.Some(text))
		p.Put(clientele.FieldFirstName, clientele.Some(""))
		p.EmailNormal, p.Flags = clientele.Some("ada@example.com"), math.MaxUint32
		w := clientele.Write{ProjectID: f.projects[i%2], Customer: &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p}}
		if i < len(extremes) {
			w.At = extremes[i]
		}
		w.Customer.Addresses = make([]clientele.Address, i%3)
		for j := range w.Customer.Addresses {
			a := &w.Customer.Addresses[j]
			a.City, a.Street, a.IsDefaultBilling = clientele.Some("Ґрац 7"), clientele.Some(""), j == 0
		}
		writes = append(writes, w)
	}
	var updates []clientele.Write
	for i, o := range f.commit(writes...) {
		var p clientele.Patch
		p.Put(clientele.FieldPhone, clientele.Some(fmt.Sprint("+1 212 555 01", i)))
		updates = append(updates, clientele.Write{
			ProjectID: writes[i].ProjectID, Customer: &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: o.SubjectID, Patch: p},
		})
	}
	f.commit(updates...)
}

// leads makes campaigns, publishers, and leads in every stage with the largest values.
func (f *fixture) leads() {
	ctx := f.t.Context()
	publisher, err := f.book.CreatePublisher(ctx, clientele.Publisher{UUID: uuidOf(1), Name: "Publisher ß", CreatedAt: f.moment()})
	f.must(err)
	_, err = f.book.CreatePublisher(ctx, clientele.Publisher{UUID: uuidOf(2), Name: "P", CreatedAt: f.moment(), PausedAt: f.moment()})
	f.must(err)
	var writes []clientele.Write
	for i := range 12 {
		project := f.projects[i%2]
		campaign, err := f.book.CreateCampaign(ctx, clientele.Campaign{
			ProjectID: project, UUID: uuidOf(i), Name: "Offer", LandingURL: "https://shop.example.com/?a=b&c=%20", CreatedAt: f.moment(),
		})
		f.must(err)
		if i%3 == 0 {
			f.must(f.book.PauseCampaign(ctx, project, campaign.ID, f.moment()))
		}
		l := clientele.Lead{
			UUID: uuidOf(100 + i), CampaignID: campaign.ID, PublisherID: publisher.ID, ActionAt: f.moment(),
			Stage: clientele.Stage(i % int(clientele.NumStages)), NetValue: math.MaxInt64, CustomerType: clientele.Some("new"),
		}
		if l.Stage > 0 {
			l.ReachedAt[l.Stage], l.UserAgent, l.Subs[i%5] = f.moment(), clientele.Some("Agent \x01"), clientele.Some("")
		}
		writes = append(writes, clientele.Write{ProjectID: project, Lead: &clientele.LeadWrite{Register: &l}})
	}
	f.commit(writes...)
}

// submissions makes submissions that wait, that are in work and that are finished.
func (f *fixture) submissions() {
	var writes []clientele.Write
	for i := range 9 {
		var p clientele.Patch
		p.Put(clientele.FieldCompany, clientele.Some("\u2028 \\ \" \x7f <é>"))
		p.Put(clientele.FieldFax, clientele.Text{})
		writes = append(writes, clientele.Write{ProjectID: f.projects[i%2], Submission: &clientele.Submission{
			ID: uuidOf(i), ProjectID: f.projects[i%2], AcceptedAt: f.moment(), Target: "t",
			Write: clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p, Addresses: make([]clientele.Address, i%2)},
		}})
	}
	f.commit(writes...)
	claim := clientele.Claim{Lease: "lease", At: f.moment(), Until: f.moment()}
	claimed, err := f.book.ClaimSubmissions(f.t.Context(), f.projects[0], claim, 3)
	f.must(err)
	cw := claimed[0].Write
	f.commit(clientele.Write{
		ProjectID: f.projects[0], Customer: &cw,
		Completes: &clientele.Completion{SubmissionID: claimed[0].ID, Lease: claim.Lease},
	})
}

// remembered makes calls that are remembered under keys that languages sort in other ways than bytes.
func (f *fixture) remembered() {
	var writes []clientele.Write
	for i, key := range []string{"b", "A", "a", "B", "é", "z", "\x01", "🏺", "Ż", strings.Repeat("ż", 127)} {
		var p clientele.Patch
		p.Put(clientele.FieldExternalID, clientele.Some("remembered "+key))
		writes = append(writes, clientele.Write{
			ProjectID: f.projects[i%2], Customer: &clientele.CustomerWrite{Patch: p},
			Idempotency: &clientele.Idempotency{CredentialID: int64(9 - i%3), Key: key, BodyHash: sha256.Sum256([]byte(key))},
		})
	}
	f.commit(writes...)
}
