package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clientele"
)

const deleteTerm = "DELETE FROM customer_term WHERE project_id = ? AND block = ? AND term = ? AND customer_id = ?"

// keepTerms stores what customers are found by now, and drops what they were found by.
func (t *tx) keepTerms(b *clientele.Batch) error {
	for _, old := range b.OldTerms() {
		if err := t.exec(deleteTerm, old.ProjectID, old.Block(), old.Term, old.CustomerID); err != nil {
			return fmt.Errorf("drop terms: %w", err)
		}
	}
	return t.insertTerms(b.NewTerms())
}

// insertTerms inserts terms that come in order. Those of one block share the binding of project and block: binding is a good
// part of what a row costs.
func (t *tx) insertTerms(terms []clientele.CustomerTerm) error {
	for len(terms) > 0 {
		first, n := &terms[0], 1
		for n < len(terms) && terms[n].ProjectID == first.ProjectID && terms[n].Block() == first.Block() {
			n++
		}
		for of := terms[:n]; len(of) > 0; {
			n := chunkOf(len(of))
			values := append(make([]any, 0, 2+2*n), first.ProjectID, first.Block())
			for i := range of[:n] {
				values = append(values, of[i].Term, of[i].CustomerID)
			}
			if err := t.exec(insertTermsSQL(n), values...); err != nil {
				return fmt.Errorf("insert terms: %w", err)
			}
			of = of[n:]
		}
		terms = terms[n:]
	}
	return nil
}

// insertTermsSQL has no numbers in its places: the driver looks each of those up by its name.
func insertTermsSQL(terms int) string {
	return "INSERT OR IGNORE INTO customer_term (project_id, block, term, customer_id) SELECT ?, ?, column1, column2 FROM (VALUES (?,?)" +
		strings.Repeat(",(?,?)", terms-1) + ")"
}

// fillBatch is how many customers who were there before get their terms in one transaction.
const fillBatch = 2000

// searchVersion is the version of the schema from which on there is customer_term.
const searchVersion = 9

// fillTerms gives the customers who were there before customer_term was their terms. Broken off, it goes on when it is
// called again. A million takes about a minute.
func (s *Store) fillTerms(ctx context.Context) error {
	for {
		filling := false
		err := s.transact(ctx, func(t *tx) error {
			var project, filledTo int64
			err := t.one("SELECT project_id, filled_to FROM customer_term_fill ORDER BY project_id LIMIT 1", nil, &project, &filledTo)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			filling = true
			if err == nil {
				err = t.fillSome(project, filledTo)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("fill the search: %w", err)
		}
		if !filling {
			return nil
		}
	}
}

// fillSome deals with the project's next customers behind the id filledTo.
func (t *tx) fillSome(project, filledTo int64) error {
	rows, err := t.query("SELECT "+customerColumns+" FROM customer WHERE project_id = ? AND id > ? ORDER BY id LIMIT ?",
		project, filledTo, fillBatch)
	if err != nil {
		return err
	}
	var terms []clientele.CustomerTerm
	customers := 0
	err = collect(rows, func(rows *sql.Rows) error {
		c, err := scanCustomer(rows)
		for _, term := range c.Terms() {
			terms = append(terms, clientele.CustomerTerm{ProjectID: project, CustomerID: c.ID, Term: term})
		}
		customers, filledTo = customers+1, c.ID
		return err
	})
	if err != nil {
		return err
	}
	if customers < fillBatch {
		err = t.exec("DELETE FROM customer_term_fill WHERE project_id = ?", project)
	} else {
		err = t.exec("UPDATE customer_term_fill SET filled_to = ? WHERE project_id = ?", filledTo, project)
	}
	if err != nil {
		return err
	}
	slices.SortFunc(terms, clientele.CompareTerms)
	return t.insertTerms(terms)
}
