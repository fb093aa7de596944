package work_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/intake"
	"clientele/internal/sqlite"
	"clientele/internal/work"
)

// clock stands still unless a test moves it. Its methods may be called from any goroutine.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// office is a book with one project, whose store fails when a test says so.
type office struct {
	*sqlite.Store
	dir     string
	clock   *clock
	line    *intake.Intake
	book    *book.Book
	project int64

	mu sync.Mutex
	// onCommit is asked before each transaction of the intake; its error is the store's.
	onCommit func(writes []clientele.Write) error
	// onClaim is asked before each claim.
	onClaim func() error
}

func newOffice(t testing.TB, options intake.Options) *office {
	t.Helper()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := &office{Store: s, dir: dir, clock: &clock{now: time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)}}
	o.line = intake.New(o, options)
	o.book = book.New(o.line, o.clock.Now)
	t.Cleanup(func() {
		if err := errors.Join(o.line.Close(context.WithoutCancel(t.Context())), s.Close()); err != nil {
			t.Error(err)
		}
	})
	o.project = o.newProject(t, "shop")
	return o
}

func (o *office) newProject(t testing.TB, name string) int64 {
	t.Helper()
	p, err := o.CreateProject(t.Context(), clientele.Project{Name: name, TimeZone: "UTC", CreatedAt: o.clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// Commit implements intake.Store.
func (o *office) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	o.mu.Lock()
	ask := o.onCommit
	o.mu.Unlock()
	if ask != nil {
		if err := ask(writes); err != nil {
			return nil, err
		}
	}
	return o.Store.Commit(ctx, writes)
}

// ClaimSubmissions implements work.SubmissionStore.
func (o *office) ClaimSubmissions(ctx context.Context, project int64, c clientele.Claim, limit int) ([]clientele.Submission, error) {
	o.mu.Lock()
	ask := o.onClaim
	o.mu.Unlock()
	if ask != nil {
		if err := ask(); err != nil {
			return nil, err
		}
	}
	return o.Store.ClaimSubmissions(ctx, project, c, limit)
}

func (o *office) whenCommitting(ask func([]clientele.Write) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.onCommit = ask
}

func (o *office) whenClaiming(ask func() error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.onClaim = ask
}

// worker returns one worker of the office, of those that may run beside each other.
func (o *office) worker() *work.Submissions {
	return &work.Submissions{
		Store: o, Book: o.book, Commit: o.line, Now: o.clock.Now, Log: slog.New(slog.DiscardHandler), Lease: 30 * time.Second,
	}
}

// carryOut has a worker carry out all that is due.
func carryOut(t testing.TB, w *work.Submissions) {
	t.Helper()
	for {
		again, err := w.CarryOut(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if again != work.AtOnce {
			return
		}
	}
}

func (o *office) call() book.Call {
	return book.Call{ProjectID: o.project, Origin: clientele.Origin{Dialect: clientele.DKHardware, CredentialID: 7, RequestID: "r"}}
}

// create submits a new customer and returns the submission's id.
func (o *office) create(t testing.TB, company string) string {
	t.Helper()
	id, err := o.book.Create(t.Context(), o.call(), clientele.Details{Company: clientele.Some(company)}, make([]clientele.Address, 2))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// update submits a company for a customer and returns the submission's id.
func (o *office) update(t testing.TB, customer int64, company string) string {
	t.Helper()
	var p clientele.Patch
	p.Put(clientele.FieldCompany, clientele.Some(company))
	id, err := o.book.Update(t.Context(), o.call(), strconv.FormatInt(customer, 10), customer, p)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// customer makes a customer that is there already.
func (o *office) customer(t testing.TB) int64 {
	t.Helper()
	id := o.create(t, "before")
	carryOut(t, o.worker())
	return o.submission(t, id).CustomerID
}

func (o *office) submission(t testing.TB, id string) clientele.Submission {
	t.Helper()
	s, err := o.FindSubmission(t.Context(), o.project, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantStatus holds that submissions have come so far.
func (o *office) wantStatus(t testing.TB, what string, want clientele.SubmissionStatus, ids ...string) {
	t.Helper()
	for i, id := range ids {
		if got := o.submission(t, id); got.Status != want {
			t.Errorf("%s: submission %d is %s (%s), want %s", what, i, got.Status, got.Failure, want)
		}
	}
}

// history returns the companies that a customer has had, by the change records.
func (o *office) history(t testing.TB, customer int64) []string {
	t.Helper()
	changes, err := o.ListChanges(t.Context(), o.project, clientele.SubjectCustomer, customer)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range changes {
		var company string
		if _, err := fmt.Sscanf(string(c.Values), `{"company":%q`, &company); err != nil {
			t.Fatalf("%v in %s", err, c.Values)
		}
		list = append(list, company)
	}
	return list
}

// customers returns how many customers the project has.
func (o *office) customers(t testing.TB) int {
	t.Helper()
	list, err := o.ListPositions(t.Context(), clientele.CustomerQuery{ProjectID: o.project, Limit: clientele.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// numbered returns "1" to "n".
func numbered(n int) []string {
	var list []string
	for i := range n {
		list = append(list, strconv.Itoa(i+1))
	}
	return list
}

// errBroken is a failure that trying again does not mend.
var errBroken = errors.New("broken")

// hasCompany reports whether a write states the company.
func hasCompany(w *clientele.Write, company string) bool {
	return w.Customer != nil && w.Customer.Patch.Company.V == company
}
