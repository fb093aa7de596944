package importer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/sqlite"

	"github.com/google/go-cmp/cmp"
)

// shop is a book with a project, and a store in front of it that can fail.
type shop struct {
	*sqlite.Store
	project int64

	mu sync.Mutex
	// commits counts the transactions; fail says what becomes of one instead of its being carried out, or after that.
	commits       int
	before, after func(n int) error
	// lookErr is what becomes of the next look into a history.
	lookErr error
}

func newShop(t testing.TB) *shop {
	t.Helper()
	store := openBook(t, t.TempDir())
	if _, _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := store.CreateProject(t.Context(), clientele.Project{Name: "shop", TimeZone: "Europe/Warsaw", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return &shop{Store: store, project: p.ID}
}

func openBook(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func (s *shop) Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits++
	if s.before != nil {
		if err := s.before(s.commits); err != nil {
			return nil, err
		}
	}
	outcomes, err := s.Store.Commit(ctx, writes)
	if s.after != nil && err == nil {
		err = s.after(s.commits)
	}
	return outcomes, err
}

func (s *shop) ListHistory(ctx context.Context, q clientele.HistoryQuery) ([]clientele.Change, error) {
	s.mu.Lock()
	err := s.lookErr
	s.lookErr = nil
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.Store.ListHistory(ctx, q)
}

// load imports a file with a run for each test to name.
func (s *shop) load(t testing.TB, path string, change func(*Options)) (Report, error) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	o := Options{
		Name: path, Book: "here", Project: "shop", ProjectID: s.project, TransactionRows: 3, Patience: time.Nanosecond,
		NewRun: func() string { return "run" },
	}
	if change != nil {
		change(&o)
	}
	return Run(t.Context(), s, file, o)
}

func (s *shop) wants(t testing.TB, path string, change func(*Options), want Counts) Report {
	t.Helper()
	got, err := s.load(t, path, change)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Counts); diff != "" {
		t.Fatal(diff)
	}
	return got
}

// names returns first names by external id, or by our id where there is none.
func (s *shop) names(t testing.TB) map[string]string {
	t.Helper()
	ids, _, err := s.FilterCustomers(t.Context(), clientele.CustomerFilter{ProjectID: s.project, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.LoadCustomers(t.Context(), s.project, ids)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, c := range list {
		if !c.ExternalID.Valid {
			c.ExternalID.V = fmt.Sprintf("#%d", c.ID)
		}
		names[c.ExternalID.V] = c.FirstName.V
	}
	return names
}

func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rows returns n rows, with or without an external id.
func rows(n int, withID bool) string {
	var b strings.Builder
	b.WriteString("id,first_name\n")
	for i := range n {
		if withID {
			fmt.Fprintf(&b, "c%03d", i)
		}
		fmt.Fprintf(&b, ",n%03d\n", i)
	}
	return b.String()
}
