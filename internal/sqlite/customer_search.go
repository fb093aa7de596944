package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"clientele"
)

// SearchCustomers returns a page of the customers that a search finds, the newest first.
func (s *Store) SearchCustomers(ctx context.Context, q clientele.CustomerSearch) (clientele.CustomerHits, error) {
	hits, err := clientele.SearchCustomers(ctx, customerIndex{s}, q)
	if err != nil {
		return clientele.CustomerHits{}, fmt.Errorf("search customers of project %d: %w", q.ProjectID, classify(err))
	}
	return hits, nil
}

// customerIndex is the store as a search asks it (clientele.CustomerIndex).
type customerIndex struct{ *Store }

func (x customerIndex) IDSpan(ctx context.Context, project int64) (oldest, newest int64, err error) {
	// Each min and max alone is one step into the index; together they would be a walk over all of it.
	err = x.read.QueryRowContext(ctx, `SELECT coalesce((SELECT min(id) FROM customer WHERE project_id = ?), 0),
		coalesce((SELECT max(id) FROM customer WHERE project_id = ?), 0)`, project, project).Scan(&oldest, &newest)
	return oldest, newest, err
}

const idsByTerm = `SELECT t.customer_id FROM json_each(?) CROSS JOIN customer_term AS t
	WHERE t.project_id = ? AND t.block = json_each.value AND t.term >= ? AND t.term < ?`

func (x customerIndex) IDsByTerm(ctx context.Context, project int64, blocks []int64, beginning string) ([]int64, error) {
	list, err := json.Marshal(blocks)
	if err != nil {
		return nil, err
	}
	return x.ids(ctx, idsByTerm, string(list), project, beginning, clientele.AfterTerms(beginning))
}

func (x customerIndex) IDsByKey(ctx context.Context, q *clientele.CustomerSearch, below int64, limit int) ([]int64, error) {
	var found []int64
	for _, key := range searchKeys(q) {
		ids, err := x.ids(ctx, idsByKey(key.column), q.ProjectID, key.value, below, limit)
		if err != nil {
			return nil, err
		}
		found = append(found, ids...)
	}
	slices.SortFunc(found, func(a, b int64) int { return cmp.Compare(b, a) })
	found = slices.Compact(found)
	return found[:min(limit, len(found))], nil
}

type searchKey struct {
	column string
	value  any
}

// searchKeys returns the keys that a search states.
func searchKeys(q *clientele.CustomerSearch) []searchKey {
	var keys []searchKey
	if q.ID != 0 {
		keys = append(keys, searchKey{"id", q.ID})
	}
	for _, k := range []struct {
		column string
		text   clientele.Text
	}{{"external_id", q.ExternalID}, {"external_number", q.ExternalNumber}, {"vat_normal", q.VATNormal}} {
		if k.text.Valid {
			keys = append(keys, searchKey{k.column, k.text.V})
		}
	}
	return keys
}

// idsByKey keeps the plus before id: SQLite would otherwise rather go through all customers below it.
func idsByKey(column string) string {
	if column == "vat_normal" {
		return "SELECT id FROM customer WHERE project_id = ? AND vat_normal = ? AND id < ? ORDER BY id DESC LIMIT ?"
	}
	return "SELECT id FROM customer WHERE project_id = ? AND " + column + " = ? AND +id < ? LIMIT ?"
}

func (x customerIndex) PositionsInScope(
	ctx context.Context, s clientele.CustomerScope, after *clientele.Position, limit int,
) ([]clientele.Position, error) {
	if len(s.Origins) == 0 {
		return x.ListPositions(ctx, clientele.CustomerQuery{
			ProjectID: s.ProjectID, ByCreated: true, From: s.From, To: s.To, Newest: true, Limit: limit, After: after,
		})
	}
	var list []clientele.Position
	for _, o := range s.Origins {
		query, args := originSQL(s, o, after)
		rows, err := x.read.QueryContext(ctx, query, append(args, limit)...)
		if err != nil {
			return nil, err
		}
		err = collect(rows, func(rows *sql.Rows) error {
			var p clientele.Position
			err := rows.Scan(instant{&p.At}, &p.ID)
			list = append(list, p)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b clientele.Position) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	return list[:min(limit, len(list))], nil
}

// originSQL selects the customers of a scope that came one way, the newest first; its last argument, the limit, is missing.
func originSQL(s clientele.CustomerScope, o clientele.CustomerOrigin, after *clientele.Position) (query string, args []any) {
	query = "SELECT created_at, id FROM customer WHERE project_id = ? AND source = ? AND credential_id = ?"
	args = append(args, s.ProjectID, string(o.Source), o.CredentialID)
	if !s.From.IsZero() {
		query, args = query+" AND created_at >= ?", append(args, s.From.UnixMicro())
	}
	if !s.To.IsZero() {
		query, args = query+" AND created_at <= ?", append(args, s.To.UnixMicro())
	}
	if after != nil {
		query, args = query+" AND (created_at, id) < (?, ?)", append(args, after.At.UnixMicro(), after.ID)
	}
	return query + " ORDER BY created_at DESC, id DESC LIMIT ?", args
}

func (x customerIndex) IDsInScope(ctx context.Context, s clientele.CustomerScope, ids []int64) ([]int64, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	query, args := scopeSQL(s)
	return x.ids(ctx, query, append([]any{string(list), s.ProjectID}, args...)...)
}

// scopeSQL selects those of a list of ids that are in a scope; its first two arguments, the list and the project, are missing.
func scopeSQL(s clientele.CustomerScope) (query string, args []any) {
	query = "SELECT c.id FROM json_each(?) CROSS JOIN customer AS c WHERE c.id = json_each.value AND c.project_id = ?"
	if !s.From.IsZero() {
		query, args = query+" AND c.created_at >= ?", append(args, s.From.UnixMicro())
	}
	if !s.To.IsZero() {
		query, args = query+" AND c.created_at <= ?", append(args, s.To.UnixMicro())
	}
	if n := len(s.Origins); n > 0 {
		query += " AND (c.source, c.credential_id) IN (VALUES (?, ?)" + strings.Repeat(", (?, ?)", n-1) + ")"
		for _, o := range s.Origins {
			args = append(args, string(o.Source), o.CredentialID)
		}
	}
	return query, args
}

// ids returns the only column of a query.
func (x customerIndex) ids(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := x.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var list []int64
	err = collect(rows, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		list = append(list, id)
		return err
	})
	return list, err
}
