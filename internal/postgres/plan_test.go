package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
)

// TestPlans looks at the plans of the statements that run per request or per batch, at 100,000 customers, before the planner
// knows anything of the tables and after. Only lists may be slow before, for the minute until autovacuum has looked: they
// are sorted.
func TestPlans(t *testing.T) {
	conn := dial(t, pgtest.New(t))
	for _, table := range []string{
		"customer", "customer_update", "customer_term", "customer_term_list", "customer_term_place", "address", "change", "lead", "lead_count", "submission", "remembered_call", "operator", "session", "audit", "delivery",
	} {
		exec(t, conn, "ALTER TABLE "+table+" SET (autovacuum_enabled = off)")
	}
	fill(t, conn)
	noLists := func(s postgres.Statement) bool { return !strings.HasPrefix(s.Name, "list") }
	modes := []string{"force_custom_plan", "force_generic_plan"}
	for _, mode := range modes {
		exec(t, conn, "SET plan_cache_mode = "+mode)
		checkPlans(t, conn, "before the first ANALYZE, "+mode, noLists)
	}
	exec(t, conn, "ANALYZE")
	for _, mode := range modes {
		exec(t, conn, "SET plan_cache_mode = "+mode)
		checkPlans(t, conn, mode, func(postgres.Statement) bool { return true })
	}
}

// TestNewBook_IsFastWhileItGrows fills an empty book through the store and counts what was read of the indexes: the plans
// that were made in the beginning must not be kept.
func TestNewBook_IsFastWhileItGrows(t *testing.T) {
	url := pgtest.New(t)
	conn := dial(t, url)
	exec(t, conn, "ALTER TABLE customer SET (autovacuum_enabled = off)")
	s := open(t, postgres.Options{URL: url})
	b := &bench{store: s, project: newProject(t, s, "new")}
	const batches = 20
	for n := range int64(batches) {
		for range 2 { // new ones, and then the same with other values
			outcomes, err := s.Commit(t.Context(), b.upserts(n*batchSize, n))
			if err != nil {
				t.Fatal(err)
			}
			for range 8 {
				if _, err := s.FindCustomer(t.Context(), b.project, outcomes[0].SubjectID); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := s.Close(); err != nil { // a session's counts are there when it has ended
		t.Fatal(err)
	}
	var entries int64
	err := conn.QueryRow(t.Context(), `SELECT sum(idx_tup_read) + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'customer')
		FROM pg_stat_user_indexes WHERE relname = 'customer'`).Scan(&entries)
	if err != nil {
		t.Fatal(err)
	}
	const limit = 4_000_000 // 26 million when the first plans are kept, and then more with every batch
	if entries > limit || entries == 0 {
		t.Errorf("%d index entries and rows of customer were read for %d writes, want at most %d", entries, 2*batches*batchSize, limit)
	}
}

// fill makes 100,000 customers with an address and a change each, 20,000 leads, 20,000 submissions, mostly done, and as many
// deliveries, mostly delivered, nearly all in project 1.
func fill(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, sql := range []string{
		"INSERT INTO project (id, name, time_zone, created_at) SELECT n, 'p' || n, 'UTC', now() FROM generate_series(1, 3) n",
		`INSERT INTO customer (project_id, id, external_id, external_number, vat_normal, flags, source, credential_id, version, created_at, updated_at)
			SELECT CASE WHEN n % 100 = 0 THEN 2 ELSE 1 END, n, 'e' || n, CASE WHEN n % 3 = 0 THEN 'n' || n END,
				CASE WHEN n % 5 = 0 THEN 'PL' || n END, 0, 'opm', 1, 1, now(), now() FROM generate_series(1, 100000) n`,
		"INSERT INTO customer_update SELECT project_id, updated_at, id FROM customer",
		`INSERT INTO customer_term (project_id, block, term, customer_id)
			SELECT project_id, id / 4096, unnest(ARRAY['nkowal' || id % 1000, 'eada' || id || '@example.com']), id FROM customer`,
		"INSERT INTO customer_term_list (project_id, customer_id, terms) SELECT project_id, id, 'nkowal' FROM customer",
		"INSERT INTO customer_term_place (project_id, seq) SELECT n, 0 FROM generate_series(1, 3000) n",
		`INSERT INTO address (project_id, id, customer_id, is_default_billing, is_default_shipping, created_at, updated_at)
			SELECT project_id, id, id, true, true, now(), now() FROM customer`,
		`INSERT INTO change (project_id, subject, subject_id, action, new_values, dialect, credential_id, request_id, at)
			SELECT project_id, 'customer', id, 'created', '{}', 'opm', 1, 'r', now() FROM customer`,
		`INSERT INTO erasure SELECT 1, n, now() - n * interval '1 minute', 'command', 0, 1, 0, 0, 0, 0, 0, 0, NULL FROM generate_series(1, 20000) n`,
		`INSERT INTO erasure_mark SELECT 1, decode(md5(n::text), 'hex'), n, now() - n * interval '1 minute' FROM generate_series(1, 20000) n`,
		"INSERT INTO publisher (id, uuid, name, created_at) VALUES (1, 'p', 'p', now())",
		"INSERT INTO campaign (project_id, id, uuid, name, landing_url, created_at) VALUES (1, 1, 'c', 'c', 'https://example.com', now())",
		`INSERT INTO lead (project_id, id, uuid, campaign_id, publisher_id, stage, net_value, nominal_value, ip, action_at, source, credential_id, version, created_at, updated_at)
			SELECT 1, n, 'l' || n, 1, 1, CASE WHEN n % 20 = 0 THEN 'contract' ELSE '' END, 0, 0, '192.0.2.' || n % 250,
				now() - n * interval '1 minute', 'primelead', 1, 1, now(), now() FROM generate_series(1, 20000) n`,
		`INSERT INTO lead_count (project_id, span, day, campaign_id, publisher_id, clicks, no_stage, wide_contact, narrow_contact, application, contract, contract_canceled, net_value, nominal_value, canceled_net_value, canceled_nominal_value)
			SELECT 1, 1 + n % 2, 20260000 + n / 20, 1, n % 20, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM generate_series(1, 20000) n`,
		`INSERT INTO remembered_call (project_id, key, credential_id, body_hash, result, subject_id, reference, at)
			SELECT 1, 'k' || n, 1, '\x00', 1, 1, '', now() FROM generate_series(1, 20000) n`,
		`INSERT INTO submission (project_id, id, credential_id, dialect, request_id, payload, target, status, customer_id, failure, lease, accepted_at, finished_at)
			SELECT 1, 'u' || n, CASE WHEN n % 100 = 5 THEN 2 ELSE 1 END, 'dkhardware', 'r', '{}', '', CASE WHEN n % 100 = 7 THEN 'Failed'
				WHEN n < 19000 THEN 'Succeeded' ELSE 'Accepted' END, 0, CASE WHEN n % 100 = 7 THEN 'key_taken' ELSE '' END, '',
				now() - n * interval '1 second', CASE WHEN n < 19000 THEN now() END
			FROM generate_series(1, 20000) n`,
		`INSERT INTO operator (email, role, password_hash, password_is_one_time, failed_logins, created_at)
			SELECT 'o' || n, CASE WHEN n < 5 THEN 'owner' ELSE 'viewer' END, '', false, 0, now() FROM generate_series(1, 2000) n`,
		"INSERT INTO session (token, data, expires_at) SELECT 's' || n, '', now() + n * interval '1 s' FROM generate_series(1, 20000) n",
		`INSERT INTO audit (at, operator_id, email, action, project_id, subject, request_id)
			SELECT now() + n * interval '1 s', n % 1000, '', 'x', n % 700, '', '' FROM generate_series(1, 20000) n`,
		`INSERT INTO subscription SELECT 1, 's' || n, 'customer:changed', '', '', '', false, '', '', NULL, '[]', 1, now(), 0, NULL, NULL, '', NULL, '', NULL
			FROM generate_series(1, 1000) n`,
		`INSERT INTO event (project_id, seq, event_type, subject_ids, first_at, at, created_at)
			SELECT 1, n, 'customer:changed', '[]', now(), now(), now() FROM generate_series(0, 20000) n`,
		`INSERT INTO delivery (project_id, id, subscription_id, event_seq, status, attempts, retries, due_at, created_at)
			SELECT 1, 'd' || n, 's' || n % 1000, n, CASE WHEN n % 100 = 7 THEN 'failed' WHEN n > 19500 THEN 'due' ELSE 'delivered' END,
				1, 0, now(), now() FROM generate_series(1, 20000) n`,
		`INSERT INTO attempt SELECT project_id, id, 1, now(), 1, 200, '', '' FROM delivery`,
		`INSERT INTO refusal (at, dialect, credential_id, project_id, method, route, target, status, kind, field, request_id, trace_id, media, body_state, body_bytes, answer_bytes, answer, body)
			SELECT now() - n * interval '1 minute', 'opm', n % 100, n % 50, 'POST', '/entry', '/entry', 400, '', '', '', '', '', '', 0, 0, '', '' FROM generate_series(1, 20000) n`,
		`INSERT INTO call_count (span, project_id, at, dialect, outcome, calls)
			SELECT 60, p, timestamptz '2026-01-01Z' + n * interval '1 minute', 'opm', 'created', 1 FROM generate_series(1, 10000) n, generate_series(0, 1) p`,
	} {
		exec(t, conn, sql)
	}
}

// planNode is what matters of a node of EXPLAIN (FORMAT JSON).
type planNode struct {
	Type  string     `json:"Node Type"`
	Table string     `json:"Relation Name"`
	Index string     `json:"Index Name"`
	Cond  string     `json:"Index Cond"`
	Plans []planNode `json:"Plans"`
}

func (n planNode) each(do func(planNode)) {
	do(n)
	for _, child := range n.Plans {
		child.each(do)
	}
}

func checkPlans(t *testing.T, conn *pgx.Conn, when string, which func(postgres.Statement) bool) {
	t.Helper()
	for _, s := range postgres.Statements() {
		if !which(s) {
			continue
		}
		plan := explain(t, conn, s)
		var indexes []string
		plan.each(func(n planNode) {
			if n.Table != "" && !strings.Contains(n.Type, "Index") && n.Type != "ModifyTable" && n.Type != "Bitmap Heap Scan" {
				t.Errorf("%s, %s: %s of %s", when, s.Name, n.Type, n.Table)
			}
			if n.Index == "" {
				return
			}
			indexes = append(indexes, n.Index)
			for _, column := range s.Want[n.Index] {
				if !strings.Contains(n.Cond, column) {
					t.Errorf("%s, %s: the condition on %s is %s, without %s", when, s.Name, n.Index, n.Cond, column)
				}
			}
			if !strings.Contains(n.Cond, "project_id") && s.Want[n.Index] != nil && !ofSharedTable(n.Index) {
				t.Errorf("%s, %s: %s is read across projects", when, s.Name, n.Index)
			}
		})
		for index := range s.Want {
			oneOf := func(name string) bool { return slices.Contains(strings.Fields(index), name) }
			if !slices.ContainsFunc(indexes, oneOf) {
				t.Errorf("%s, %s: the plan uses %v, not %s", when, s.Name, indexes, index)
			}
		}
	}
}

// ofSharedTable reports whether an index is of a table in which one looks up without a project.
func ofSharedTable(index string) bool {
	table, _, _ := strings.Cut(index, "_")
	return slices.Contains(postgres.SharedTables, table)
}

func explain(t *testing.T, conn *pgx.Conn, s postgres.Statement) planNode {
	t.Helper()
	var text string
	if err := conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+s.SQL, s.Args...).Scan(&text); err != nil {
		t.Fatalf("explain %s: %v", s.Name, err)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) != 1 {
		t.Fatalf("explain %s: %v", s.Name, err)
	}
	return plans[0].Plan
}

// dial returns a connection of the test's own.
func dial(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(fmt.Errorf("%.60s: %w", sql, err))
	}
}
