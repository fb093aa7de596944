package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
)

// recorder is a connector that notes every query that its connections run.
type recorder struct {
	driver driver.Driver
	dsn    string

	mu      sync.Mutex
	queries map[string]bool
}

func (r *recorder) Driver() driver.Driver { return r.driver }

func (r *recorder) Connect(context.Context) (driver.Conn, error) {
	c, err := r.driver.Open(r.dsn)
	return recordingConn{c, r}, err
}

type recordingConn struct {
	driver.Conn
	recorder *recorder
}

func (c recordingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.recorder.note(query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

// Prepare notes what is prepared, which is queried without the text.
func (c recordingConn) Prepare(query string) (driver.Stmt, error) {
	c.recorder.note(query)
	return c.Conn.Prepare(query)
}

func (r *recorder) note(query string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queries[query] = true
}

// recordReads makes the store's readers note their queries.
func recordReads(t *testing.T, s *Store) *recorder {
	t.Helper()
	r := &recorder{
		driver: s.read.Driver(), dsn: dsn(filepath.Join(s.dir, FileName), "_txlock=deferred"), queries: map[string]bool{},
	}
	if err := s.read.Close(); err != nil {
		t.Fatal(err)
	}
	s.read = sql.OpenDB(r)
	return r
}

// explain returns the steps of a query's plan.
func explain(t *testing.T, s *Store, query string) []string {
	t.Helper()
	args := make([]any, strings.Count(query, "?")) // NULLs: a plan does not depend on what is bound
	rows, err := s.write.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("explain %s: %v", query, err)
	}
	var steps []string
	err = collect(rows, func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		steps = append(steps, detail)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// readsOfRequests runs every read that a partner's request can cause.
func readsOfRequests(t *testing.T, s *Store, project int64) {
	t.Helper()
	ctx := t.Context()
	id := mustCommit(t, s, upsert(project, "a", "ada@example.com"))[0].SubjectID
	for _, read := range []func() error{
		func() error { _, err := s.FindCustomer(ctx, project, id); return err },
		func() error { _, err := s.FindCustomerByExternalID(ctx, project, "a"); return err },
		func() error { _, err := s.ListChanges(ctx, project, clientele.SubjectCustomer, id); return err },
		func() error { _, err := s.FindProject(ctx, "Harbour Outfitters"); return err },
		func() error { _, err := s.LoadCustomers(ctx, project, []int64{id}); return err },
		func() error { _, err := s.ListCallCounts(ctx, clientele.CallQuery{Span: time.Minute}); return err },
		func() error { _, err := s.ListNewestChanges(ctx, project, 10); return err },
		func() error { _, err := s.ListNewestChanges(ctx, 0, 10); return err },
		func() error { _, err := s.NewestRefusal(ctx); return err },
		func() error {
			_, err := s.ListRefusals(ctx, clientele.RefusalFilter{CredentialID: 1, Limit: 10})
			return err
		},
		func() error {
			_, err := s.ListRefusals(ctx, clientele.RefusalFilter{ProjectID: 1, Limit: 10})
			return err
		},
		func() error { _, err := s.ListRefusals(ctx, clientele.RefusalFilter{Limit: 10}); return err },
	} {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	for _, hash := range []clientele.SecretHash{clientele.HashSecret(clientele.OPM, "known"), {}} {
		if _, _, err := s.FindCredentialBySecret(ctx, hash); clientele.KindOf(err) == clientele.KindUnavailable {
			t.Fatal(err)
		}
	}
	if _, err := s.FindSubmission(ctx, project, "unknown"); clientele.KindOf(err) != clientele.KindNotFound {
		t.Fatal(err)
	}
	listsOfRequests(t, s, project)
}

// listsOfRequests runs the list of customers in each direction, from each end, by each date.
func listsOfRequests(t *testing.T, s *Store, project int64) {
	t.Helper()
	for bits := range 16 {
		q := clientele.CustomerQuery{ProjectID: project, Limit: 10, ByCreated: bits&1 != 0, Newest: bits&2 != 0}
		if bits&4 != 0 {
			q.From, q.To = moment().Add(-time.Hour), moment().Add(time.Hour)
		}
		if bits&8 != 0 {
			q.After = &clientele.Position{At: moment(), ID: 1}
		}
		if _, err := s.ListPositions(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	key := clientele.Some("a")
	for _, f := range []clientele.CustomerFilter{{ExternalID: key}, {ExternalNumber: key}, {ExternalID: key, ExternalNumber: key}} {
		f.ProjectID, f.Limit = project, 10
		if _, _, err := s.FilterCustomers(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
}

// writesOfRequests runs every kind of write transaction that happens by itself while partners call.
func writesOfRequests(t *testing.T, s *Store, project int64) {
	t.Helper()
	var moved clientele.Patch
	moved.Put(clientele.FieldExternalID, clientele.Some("b"))
	moved.Put(clientele.FieldExternalNumber, clientele.Some("1"))
	update := upsert(project, "a", "ada@example.com")
	update.Customer = &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: 1, Patch: moved}
	taken := upsert(project, "b", "ada@example.com")
	taken.Customer.Mode = clientele.CreateCustomer
	taken.Idempotency = &clientele.Idempotency{CredentialID: 1, Key: "k"}
	mustCommit(t, s, update, taken, upsert(project, "c", "cy@example.com"))
	if err := s.TouchCredentials(t.Context(), map[int64]time.Time{1: moment()}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutRefusals(t.Context(), make([]clientele.Refusal, 2), clientele.RefusalBounds{}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddCallCounts(t.Context(), make([]clientele.CallCount, 1)); err != nil {
		t.Fatal(err)
	}
	for _, forget := range []func(context.Context, time.Time, int) (int64, error){s.ForgetCalls, s.ForgetRefusals, s.ForgetCallCounts} {
		if _, err := forget(t.Context(), moment(), 10); err != nil {
			t.Fatal(err)
		}
	}
}

// TestQueries_OfRequestsUseAnIndex looks at the plan of each statement that a request runs: it searches, it never reads
// a table from end to end.
func TestQueries_OfRequestsUseAnIndex(t *testing.T) {
	s, project := newStore(t)
	_, err := s.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.OPM, Name: "partner", CreatedAt: moment(), Grants: []clientele.Grant{{ProjectID: project}},
	}, clientele.HashSecret(clientele.OPM, "known"))
	if err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(s.stmts) // creating projects and credentials is no request
	r := recordReads(t, s)
	readsOfRequests(t, s, project)
	writesOfRequests(t, s, project)
	queries := slices.Sorted(maps.Keys(r.queries))
	for query := range s.stmts {
		if before[query] == nil { // BEGIN and COMMIT have no plan
			queries = append(queries, query)
		}
	}
	searched := 0
	for _, query := range queries {
		for _, step := range explain(t, s, query) {
			if strings.HasPrefix(step, "SEARCH ") {
				searched++
			}
			if scansTable(step) || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
	}
	if len(r.queries) < 15 || searched < 20 {
		t.Errorf("%d queries of readers and %d searches were looked at: too few to be all", len(r.queries), searched)
	}
}

// scansTable reports whether a step of a plan reads a table from end to end. Values in a statement, a list in JSON and
// the few rows that SQLite keeps of its own are none.
func scansTable(step string) bool {
	rest, scans := strings.CutPrefix(step, "SCAN ")
	if !scans {
		return false
	}
	for _, harmless := range []string{"json_each", "sqlite_sequence", "CONSTANT ROW", "(subquery-", "chain", // those that a WITH has gathered
		"bound" /* a statement's values */} { // whose own steps follow
		if strings.HasPrefix(rest, harmless) {
			return false
		}
	}
	return !strings.HasSuffix(rest, "-ROW VALUES CLAUSE")
}

// TestQueries_ThePlanIsLookedAt makes sure that the test above can fail.
func TestQueries_ThePlanIsLookedAt(t *testing.T) {
	s, _ := newStore(t)
	for query, want := range map[string]bool{
		"SELECT id FROM customer WHERE project_id = ? AND email = ?":       false, // a search by project is a search
		"SELECT id FROM customer WHERE email = ?":                          true,
		"SELECT id FROM customer WHERE project_id = ? AND external_id = ?": false,
		"SELECT at FROM change WHERE credential_id = ?":                    true,
	} {
		if got := slices.ContainsFunc(explain(t, s, query), scansTable); got != want {
			t.Errorf("%s: scans: %t, want %t: %v", query, got, want, explain(t, s, query))
		}
	}
}
