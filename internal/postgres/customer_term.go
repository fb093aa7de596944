package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clientele"

	"github.com/jackc/pgx/v5"
)

// searchVersion is the version of the schema from which on there is customer_term.
const searchVersion = 9

const (
	insertTerms = `INSERT INTO customer_term (project_id, block, term, customer_id)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])`
	insertMissingTerms = insertTerms + " ON CONFLICT DO NOTHING"
	deleteTerm         = "DELETE FROM customer_term WHERE project_id = $1 AND block = $2 AND term = $3 AND customer_id = $4"
)

// queueTerms stores what customers are found by now, and drops what they were found by.
func queueTerms(p *pgx.Batch, b *clientele.Batch) {
	for _, old := range b.OldTerms() { // a list of terms in one statement looks to the planner as if reading the block were cheaper
		p.Queue(deleteTerm, old.ProjectID, old.Block(), old.Term, old.CustomerID)
	}
	if added := b.NewTerms(); len(added) > 0 {
		p.Queue(insertTerms, termArrays(added)...)
	}
}

// termArrays returns the terms as the arguments of insertTerms.
func termArrays(list []clientele.CustomerTerm) []any {
	n := len(list)
	projects, blocks, terms, customers := make([]int64, n), make([]int64, n), make([]string, n), make([]int64, n)
	for i := range list {
		t := &list[i]
		projects[i], blocks[i], terms[i], customers[i] = t.ProjectID, t.Block(), t.Term, t.CustomerID
	}
	return []any{projects, blocks, terms, customers}
}

// fillBatch is how many customers who were there before get their terms in one transaction; fillTold is after how many the
// log hears of it.
const (
	fillBatch = 5000
	fillTold  = 100_000
)

// fillTerms gives the customers who were there before customer_term was their terms. Broken off, it goes on when it is
// called again. A million takes about a minute. The caller sees to it that no other server does the same.
func (s *Store) fillTerms(ctx context.Context) error {
	for done := 0; ; {
		n, more, err := s.fillSome(ctx)
		if err != nil {
			return fmt.Errorf("fill the search: %w", err)
		}
		if !more {
			return nil
		}
		if done += n; done/fillTold > (done-n)/fillTold {
			s.options.Log.Info("customers are made searchable", "done", done)
		}
	}
}

const customersBehind = "SELECT " + customerColumns + " FROM customer WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3"

// fillSome deals with the next customers of the first project that is not done. more is false when there is none.
func (s *Store) fillSome(ctx context.Context) (customers int, more bool, err error) {
	err = pgx.BeginFunc(ctx, s.write, func(tx pgx.Tx) error {
		var project, filledTo int64
		err := tx.QueryRow(ctx, "SELECT project_id, filled_to FROM customer_term_fill ORDER BY project_id LIMIT 1").Scan(&project, &filledTo)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		more = true
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, customersBehind, project, filledTo, fillBatch)
		if err != nil {
			return err
		}
		var terms []clientele.CustomerTerm
		err = scanCustomers(rows, func(c clientele.Customer) {
			for _, term := range c.Terms() {
				terms = append(terms, clientele.CustomerTerm{ProjectID: project, CustomerID: c.ID, Term: term})
			}
			customers, filledTo = customers+1, c.ID
		})
		if err != nil {
			return err
		}
		slices.SortFunc(terms, clientele.CompareTerms)
		if _, err := tx.Exec(ctx, insertMissingTerms, termArrays(terms)...); err != nil {
			return err
		}
		if customers < fillBatch {
			_, err = tx.Exec(ctx, "DELETE FROM customer_term_fill WHERE project_id = $1", project)
		} else {
			_, err = tx.Exec(ctx, "UPDATE customer_term_fill SET filled_to = $2 WHERE project_id = $1", project, filledTo)
		}
		return err
	})
	return customers, more, err
}
