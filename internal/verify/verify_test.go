package verify_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
	"clientele/internal/verify"
	"clientele/internal/work"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// book is a store as these tests use it.
type book interface {
	verify.Book
	work.LeadCountStore
	work.CustomerTermStore
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)
	CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error)
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error
	ClaimSubmissions(ctx context.Context, project int64, claim clientele.Claim, limit int) ([]clientele.Submission, error)
}

// fixture is a book with some of everything, and a way to break it.
type fixture struct {
	book book
	db   *sql.DB
	// before is what a connection says first, so that nobody keeps it from breaking references.
	before string
}

const dropReferences = `DO $$ DECLARE c record; BEGIN
	FOR c IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint WHERE contype = 'f' LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.owner, c.conname);
	END LOOP; END $$`

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, kind string) *fixture {
	t.Helper()
	f := &fixture{before: "PRAGMA foreign_keys = 0"}
	driver, name := "sqlite", filepath.Join(t.TempDir(), sqlite.FileName)
	if kind == "PostgreSQL" {
		driver, name, f.before = "pgx", pgtest.New(t), dropReferences
		s, err := postgres.Open(t.Context(), postgres.Options{URL: name})
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		f.book = s
	} else {
		s, err := sqlite.Open(t.Context(), filepath.Dir(name))
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		_, _, err = s.Migrate(t.Context())
		must(t, err)
		f.book = s
	}
	var err error
	f.db, err = sql.Open(driver, name)
	must(t, err)
	t.Cleanup(func() { _ = f.db.Close() })
	f.fill(t)
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) commit(t *testing.T, writes ...clientele.Write) {
	t.Helper()
	outcomes, err := f.book.Commit(t.Context(), writes)
	must(t, err)
	for _, o := range outcomes {
		must(t, o.Err)
	}
}

// person returns a patch about a made-up person.
func person(id string) clientele.Patch {
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(id))
	p.Put(clientele.FieldExternalNumber, clientele.Some("no "+id))
	p.Put(clientele.FieldFirstName, clientele.Some("Ada"))
	p.Put(clientele.FieldEmail, clientele.Some(id+"@example.com"))
	p.Put(clientele.FieldFax, clientele.Some(""))
	return p
}

// fill makes two customers with addresses, the first of them changed since, two leads, and submissions in every state.
func (f *fixture) fill(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	p, err := f.book.CreateProject(ctx, clientele.Project{Name: "shop", TimeZone: "Europe/Warsaw", CreatedAt: start})
	must(t, err)
	origin := clientele.Origin{Dialect: clientele.OPM, RequestID: "r"}
	change := person("a")
	change.Put(clientele.FieldEmail, clientele.Some("new@example.com"))
	for i, patch := range []clientele.Patch{person("a"), person("b"), change} {
		f.commit(t, clientele.Write{ProjectID: p.ID, Origin: origin, At: start.Add(time.Duration(i)), Customer: &clientele.CustomerWrite{
			Mode: clientele.UpsertCustomer, Patch: patch,
			Addresses: []clientele.Address{{AddressDetails: clientele.AddressDetails{City: clientele.Some("Gdańsk")}, IsDefaultBilling: true}, {}},
		}})
	}
	f.leads(t, p.ID, origin)
	f.erased(t, p.ID, origin)
	for i := range 3 {
		f.commit(t, clientele.Write{ProjectID: p.ID, At: start, Submission: &clientele.Submission{
			ID: "a0000000-0000-4000-8000-00000000000" + string(rune('1'+i)), ProjectID: p.ID, Origin: origin, AcceptedAt: start,
			Write: clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: person("s" + string(rune('1'+i)))},
		}})
	}
	claim := clientele.Claim{Lease: "lease", At: start, Until: start.Add(time.Minute)}
	claimed, err := f.book.ClaimSubmissions(ctx, p.ID, claim, 2)
	must(t, err)
	f.commit(t, clientele.Write{
		ProjectID: p.ID, Origin: origin, At: start, Customer: &claimed[0].Write,
		Completes: &clientele.Completion{SubmissionID: claimed[0].ID, Lease: claim.Lease},
	})
}

// erased makes a submission that creates a customer, who then is erased.
func (f *fixture) erased(t *testing.T, project int64, origin clientele.Origin) {
	t.Helper()
	must(t, f.book.EnsureErasureKey(t.Context(), []byte("a key"), start))
	sub := clientele.Submission{
		ID: "a0000000-0000-4000-8000-000000000009", ProjectID: project, Origin: origin, AcceptedAt: start,
		Write: clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: person("erased")},
	}
	f.commit(t, clientele.Write{ProjectID: project, At: start, Submission: &sub})
	claim := clientele.Claim{Lease: "lease", At: start, Until: start.Add(time.Minute)}
	claimed, err := f.book.ClaimSubmissions(t.Context(), project, claim, 9)
	must(t, err)
	last := claimed[len(claimed)-1]
	outcomes, err := f.book.Commit(t.Context(), []clientele.Write{{
		ProjectID: project, Origin: origin, At: start, Customer: &last.Write,
		Completes: &clientele.Completion{SubmissionID: last.ID, Lease: claim.Lease},
	}})
	must(t, err)
	f.commit(t, clientele.Write{ProjectID: project, Origin: origin, At: start, Erase: &clientele.EraseWrite{
		CustomerID: outcomes[0].SubjectID, AskedBy: clientele.AskedByCommand, Rows: clientele.ErasedRows{Submissions: []string{sub.ID}},
	}})
}

func (f *fixture) leads(t *testing.T, project int64, origin clientele.Origin) {
	t.Helper()
	ctx := t.Context()
	campaign, err := f.book.CreateCampaign(ctx, clientele.Campaign{
		ProjectID: project, UUID: "c0000000-0000-4000-8000-000000000001", Name: "c", LandingURL: "https://shop.example.com/", CreatedAt: start,
	})
	must(t, err)
	publisher, err := f.book.CreatePublisher(ctx, clientele.Publisher{
		UUID: "b0000000-0000-4000-8000-000000000001", Name: "p", CreatedAt: start,
	})
	must(t, err)
	for i, id := range []string{"d0000000-0000-4000-8000-000000000001", "d0000000-0000-4000-8000-000000000002"} {
		l := &clientele.Lead{
			UUID: id, CampaignID: campaign.ID, PublisherID: publisher.ID, ActionAt: start.Add(time.Duration(i) * 40 * 24 * time.Hour),
			IP: clientele.Some("192.0.2.1"),
		}
		l.Subs[2] = clientele.Some("x")
		f.commit(t, clientele.Write{ProjectID: project, Origin: origin, At: start, Lead: &clientele.LeadWrite{Register: l}})
	}
	report := clientele.LeadReport{NetValue: 100, CustomerType: clientele.Some("new")}
	report.Reached[clientele.StageWideContact] = time.Date(-1, time.December, 31, 22, 36, 0, 0, time.UTC) // was taken once
	report.Reached[clientele.StageContract] = start.Add(time.Hour)
	write := clientele.Write{ProjectID: project, Origin: origin, At: start.Add(time.Hour), Lead: &clientele.LeadWrite{
		UUID: "d0000000-0000-4000-8000-000000000001", Report: report,
	}}
	f.commit(t, write)
	_, err = (&work.LeadCounts{Store: f.book}).Count(ctx)
	must(t, err)
	_, err = (&work.CustomerTerms{Store: f.book}).Follow(ctx)
	must(t, err)
	// What came since is not counted yet.
	write.Lead.Report.NetValue = 200
	f.commit(t, write)
}

func (f *fixture) verify(t *testing.T) (verify.Report, []verify.Finding) {
	t.Helper()
	var list []verify.Finding
	var last [2]int64
	report, err := verify.Run(t.Context(), f.book, verify.Options{
		Now: start.Add(59 * time.Minute), Found: func(f verify.Finding) { list = append(list, f) },
		Progress: func(done, total int64) { last = [2]int64{done, total} },
	})
	must(t, err)
	if last[0] != last[1] || last[1] == 0 {
		t.Errorf("at the end %d of %d records are done", last[0], last[1])
	}
	return report, list
}

// TestRun_WholeBook finds nothing in a book that nobody has broken, and looks at all of it.
func TestRun_WholeBook(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			report, list := open(t, kind).verify(t)
			if want := (verify.Report{Projects: 1, Customers: 3, Leads: 2, Changes: 10, Submissions: 4}); report != want || list != nil {
				t.Errorf("report %+v, want %+v; findings %+v", report, want, list)
			}
		})
	}
}

// TestRun_BrokenBook breaks each invariant and sees it named, and nothing of a person with it.
func TestRun_BrokenBook(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		for _, c := range breaks(kind) {
			t.Run(kind+" "+c.name, func(t *testing.T) {
				t.Parallel()
				f := open(t, kind)
				conn, err := f.db.Conn(t.Context())
				must(t, err)
				for _, statement := range append([]string{f.before}, c.sql...) {
					if _, err := conn.ExecContext(t.Context(), statement); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				}
				must(t, conn.Close())
				report, list := f.verify(t)
				if report.Findings != int64(len(list)) {
					t.Errorf("%d findings are reported and %d were told", report.Findings, len(list))
				}
				named := false
				for _, got := range list {
					named = named || got.Invariant == c.invariant && strings.Contains(got.Subject+" "+got.ID+" "+got.Message, c.says)
					if got.Invariant != c.invariant && !strings.Contains(c.also, string(got.Invariant)) {
						t.Errorf("another thing is said to be broken: %+v", got)
					}
					if strings.Contains(got.Message, "example.com") || strings.Contains(got.Message, "Ada") {
						t.Errorf("a value of a person is told: %q", got.Message)
					}
				}
				if !named {
					t.Errorf("no finding of %s says %q: %+v", c.invariant, c.says, list)
				}
			})
		}
	}
}
