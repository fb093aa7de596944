package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"clientele"
)

// ListTermPlaces returns for each project up to where its history was followed by the search of customers. Behind is not
// told.
func (s *Store) ListTermPlaces(ctx context.Context) ([]clientele.TermPlace, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT p.id, coalesce(t.seq, 0)
		FROM project p LEFT JOIN customer_term_place t ON t.project_id = p.id ORDER BY p.id`)
	if err != nil {
		return nil, fmt.Errorf("list places of the search: %w", classify(err))
	}
	var list []clientele.TermPlace
	err = collect(rows, func(rows *sql.Rows) error {
		var p clientele.TermPlace
		err := rows.Scan(&p.ProjectID, &p.Seq)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list places of the search: %w", classify(err))
	}
	return list, nil
}

const (
	findTermPlace = "SELECT seq FROM customer_term_place WHERE project_id = ?"

	countTermsBehind = `SELECT count(*) FROM (SELECT project_id, subject FROM change WHERE seq > ? ORDER BY seq LIMIT ?)
		WHERE project_id = ? AND subject = 'customer'`
)

// FindTermPlace returns up to where the history of a project was followed by the search of customers.
func (s *Store) FindTermPlace(ctx context.Context, project int64) (clientele.TermPlace, error) {
	p := clientele.TermPlace{ProjectID: project}
	err := s.read.QueryRowContext(ctx, findTermPlace, project).Scan(&p.Seq)
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		err = s.read.QueryRowContext(ctx, countTermsBehind, p.Seq, clientele.MaxTermsBehind, project).Scan(&p.Behind)
	}
	if err != nil {
		return clientele.TermPlace{}, fmt.Errorf("find place of the search of project %d: %w", project, classify(err))
	}
	return p, nil
}

const loadSearched = `SELECT k.value, coalesce(l.terms, ''), c.first_name, c.last_name, c.company, c.email, c.phone, c.alt_phone,
		c.email_normal, c.phone_e164, c.alt_phone_e164
	FROM json_each(?1) AS k LEFT JOIN customer AS c ON c.id = k.value AND c.project_id = ?2
	LEFT JOIN customer_term_list AS l ON l.project_id = ?2 AND l.customer_id = k.value`

// LoadSearched returns the customers with the ids as they are now, and what they are found by so far.
func (s *Store) LoadSearched(ctx context.Context, project int64, ids []int64) ([]clientele.SearchedCustomer, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, loadSearched, string(list), project)
	if err != nil {
		return nil, fmt.Errorf("load what %d customers are found by: %w", len(ids), classify(err))
	}
	customers := make([]clientele.SearchedCustomer, 0, len(ids))
	err = collect(rows, func(rows *sql.Rows) error {
		s := clientele.SearchedCustomer{Customer: clientele.Customer{ProjectID: project}}
		c := &s.Customer
		err := rows.Scan(&c.ID, &s.Kept, &c.FirstName, &c.LastName, &c.Company, &c.Email, &c.Phone, &c.AltPhone, &c.EmailNormal,
			&c.PhoneE164, &c.AltPhoneE164)
		customers = append(customers, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load what %d customers are found by: %w", len(ids), classify(err))
	}
	return customers, nil
}

const (
	beginTermPlace = "INSERT INTO customer_term_place (project_id, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
	moveTermPlace  = "UPDATE customer_term_place SET seq = ?2 WHERE project_id = ?1 AND seq = ?3"
	deleteTerm     = "DELETE FROM customer_term WHERE project_id = ? AND block = ? AND term = ? AND customer_id = ?"
	// forgetTerms reads a block, and so finds what no list tells of, too.
	forgetTerms    = "DELETE FROM customer_term WHERE project_id = ? AND block = ? AND customer_id = ?"
	forgetTermList = "DELETE FROM customer_term_list WHERE project_id = ? AND customer_id = ?"
)

// KeepTerms takes the search of a project's customers further, in one transaction, and reports whether it did: not when it
// does not stand at the step's From any more, since somebody else was quicker.
func (s *Store) KeepTerms(ctx context.Context, step clientele.TermStep) (done bool, err error) {
	err = s.transact(ctx, func(t *tx) error {
		query, args := moveTermPlace, []any{step.ProjectID, step.To, step.From}
		if step.From == 0 {
			query, args = beginTermPlace, args[:2]
		}
		r, err := t.execResult(query, args...)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if done = n == 1; err != nil || !done {
			return err
		}
		return t.keepTerms(&step)
	})
	if err != nil {
		return false, fmt.Errorf("keep terms of project %d: %w", step.ProjectID, err)
	}
	return done, nil
}

func (t *tx) keepTerms(step *clientele.TermStep) error {
	for i := range step.Dropped {
		old := &step.Dropped[i]
		if err := t.exec(deleteTerm, old.ProjectID, old.Block(), old.Term, old.CustomerID); err != nil {
			return err
		}
	}
	if err := t.insertTerms(step.Added); err != nil {
		return err
	}
	var values []any
	for _, l := range step.Lists {
		values = append(values, step.ProjectID, l.CustomerID, l.Terms)
	}
	return t.insertRows("INSERT INTO customer_term_list (project_id, customer_id, terms)",
		" ON CONFLICT (project_id, customer_id) DO UPDATE SET terms = excluded.terms", 3, values)
}

// ForgetTerms deletes what a customer is found by. Whoever erases a customer has a change of it tell so: the terms of one
// that is there are made again with its next change.
func (s *Store) ForgetTerms(ctx context.Context, project, customer int64) error {
	err := s.transact(ctx, func(t *tx) error {
		return errors.Join(t.exec(forgetTerms, project, clientele.TermBlock(customer), customer), t.exec(forgetTermList, project, customer))
	})
	if err != nil {
		return fmt.Errorf("forget terms of customer %d: %w", customer, err)
	}
	return nil
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
