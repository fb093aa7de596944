package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// SearchCustomers returns a page of the customers that a search finds, the newest first.
func (s *Store) SearchCustomers(ctx context.Context, q clientele.CustomerSearch) (clientele.CustomerHits, error) {
	hits, err := clientele.SearchCustomers(ctx, customerIndex{s}, q)
	if err != nil {
		return clientele.CustomerHits{}, fmt.Errorf("search customers of project %d: %w", q.ProjectID, err)
	}
	return hits, nil
}

// customerIndex is the store as a search asks it (clientele.CustomerIndex).
type customerIndex struct{ *Store }

const idSpan = `SELECT coalesce((SELECT id FROM customer WHERE project_id = $1 ORDER BY id LIMIT 1), 0),
	coalesce((SELECT id FROM customer WHERE project_id = $1 ORDER BY id DESC LIMIT 1), 0)`

func (x customerIndex) IDSpan(ctx context.Context, project int64) (oldest, newest int64, err error) {
	err = x.query(ctx, "id span", func(ctx context.Context, pool *pgxpool.Pool) error {
		return pool.QueryRow(ctx, idSpan, project).Scan(&oldest, &newest)
	})
	return oldest, newest, err
}

// idsByTerm makes one descent for each block (see lockCustomers).
const idsByTerm = `SELECT t.customer_id FROM unnest($2::bigint[]) AS b CROSS JOIN LATERAL
	(SELECT customer_id FROM customer_term WHERE project_id = $1 AND block = b AND term >= $3 AND term < $4 OFFSET 0) AS t`

func (x customerIndex) IDsByTerm(ctx context.Context, project int64, blocks []int64, beginning string) ([]int64, error) {
	return x.ids(ctx, idsByTerm, project, blocks, beginning, clientele.AfterTerms(beginning))
}

// The look-ups of a search by whole keys. VAT numbers alone may be those of several customers.
const (
	idsBySearchedID     = "SELECT id FROM customer WHERE project_id = $1 AND id = $2 AND id < $3 LIMIT $4"
	idsBySearchedKey    = "SELECT id FROM customer WHERE project_id = $1 AND external_id = $2 AND id < $3 LIMIT $4"
	idsBySearchedNumber = "SELECT id FROM customer WHERE project_id = $1 AND external_number = $2 AND id < $3 LIMIT $4"
	idsBySearchedVAT    = "SELECT id FROM customer WHERE project_id = $1 AND vat_normal = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
)

func (x customerIndex) IDsByKey(ctx context.Context, q *clientele.CustomerSearch, below int64, limit int) ([]int64, error) {
	var found []int64
	err := x.query(ctx, "search by key", func(ctx context.Context, pool *pgxpool.Pool) error {
		found = nil
		p := &pgx.Batch{}
		ask := func(sql string, key any) {
			p.Queue(sql, q.ProjectID, key, below, limit).Query(func(rows pgx.Rows) error {
				var id int64
				return eachRow(rows, []any{&id}, func() { found = append(found, id) })
			})
		}
		if q.ID != 0 {
			ask(idsBySearchedID, q.ID)
		}
		for _, by := range []struct {
			sql string
			key clientele.Text
		}{{idsBySearchedKey, q.ExternalID}, {idsBySearchedNumber, q.ExternalNumber}, {idsBySearchedVAT, q.VATNormal}} {
			if by.key.Valid {
				ask(by.sql, by.key.V)
			}
		}
		return pool.SendBatch(ctx, p).Close()
	})
	slices.SortFunc(found, func(a, b int64) int { return cmp.Compare(b, a) })
	found = slices.Compact(found)
	return found[:min(limit, len(found))], err
}

func (x customerIndex) PositionsInScope(
	ctx context.Context, s clientele.CustomerScope, after *clientele.Position, limit int,
) ([]clientele.Position, error) {
	if len(s.Origins) == 0 {
		return x.ListPositions(ctx, clientele.CustomerQuery{
			ProjectID: s.ProjectID, ByCreated: true, From: s.From, To: s.To, Newest: true, Limit: limit, After: after,
		})
	}
	query, args := originSQL(s, after, limit)
	var list []clientele.Position
	err := x.query(ctx, "customers in scope", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list = nil
		var p clientele.Position
		return eachRow(rows, []any{(*instant)(&p.At), &p.ID}, func() { list = append(list, p) })
	})
	return list, err
}

// originAt is the created date as customer_origin has it.
const originAt = "(created_at AT TIME ZONE 'UTC')"

// originSQL selects the customers of a scope that came in the ways that it names, the newest first: the newest of each way,
// and of those the newest.
func originSQL(s clientele.CustomerScope, after *clientele.Position, limit int) (query string, args []any) {
	sources, credentials := originArrays(s.Origins)
	args = []any{s.ProjectID, sources, credentials, limit}
	at := func(t time.Time) string {
		args = append(args, t)
		return fmt.Sprintf("($%d::timestamptz AT TIME ZONE 'UTC')", len(args))
	}
	where := ""
	if !s.From.IsZero() {
		where += " AND " + originAt + " >= " + at(s.From)
	}
	if !s.To.IsZero() {
		where += " AND " + originAt + " <= " + at(s.To)
	}
	if after != nil {
		moment := at(after.At)
		args = append(args, after.ID)
		where += fmt.Sprintf(" AND (%s, id) < (%s, $%d)", originAt, moment, len(args))
	}
	query = `SELECT c.created_at, c.id FROM unnest($2::text[], $3::bigint[]) AS o (source, credential_id) CROSS JOIN LATERAL
		(SELECT created_at, id FROM customer WHERE project_id = $1 AND source COLLATE "C" = o.source
			AND credential_id = o.credential_id` + where + " ORDER BY " + originAt + ` DESC, id DESC LIMIT $4) AS c
		ORDER BY c.created_at DESC, c.id DESC LIMIT $4`
	return query, args
}

func originArrays(origins []clientele.CustomerOrigin) (sources []string, credentials []int64) {
	sources, credentials = make([]string, len(origins)), make([]int64, len(origins))
	for i, o := range origins {
		sources[i], credentials[i] = string(o.Source), o.CredentialID
	}
	return sources, credentials
}

// idsInScope makes one descent for each id (see lockCustomers). A NULL is no bound.
const idsInScope = `SELECT c.id FROM unnest($2::bigint[]) AS k CROSS JOIN LATERAL
	(SELECT id, source, credential_id, created_at FROM customer WHERE project_id = $1 AND id = k LIMIT 1) AS c
	WHERE ($3::timestamptz IS NULL OR c.created_at >= $3) AND ($4::timestamptz IS NULL OR c.created_at <= $4)
	AND (cardinality($5::text[]) = 0 OR (c.source, c.credential_id) IN (SELECT * FROM unnest($5::text[], $6::bigint[])))`

func (x customerIndex) IDsInScope(ctx context.Context, s clientele.CustomerScope, ids []int64) ([]int64, error) {
	sources, credentials := originArrays(s.Origins)
	return x.ids(ctx, idsInScope, s.ProjectID, ids, at(s.From), at(s.To), sources, credentials)
}

// ids returns the only column of a query.
func (x customerIndex) ids(ctx context.Context, query string, args ...any) ([]int64, error) {
	var list []int64
	err := x.query(ctx, "search customers", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		list = nil
		var id int64
		return eachRow(rows, []any{&id}, func() { list = append(list, id) })
	})
	return list, err
}
