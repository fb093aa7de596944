package postgres

import (
	"context"
	"errors"
	"fmt"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// termPlaces names no project: it reads one small table on each node.
const termPlaces = "SELECT project_id, seq FROM customer_term_place"

// ListTermPlaces returns for each project up to where its history was followed by the search of customers. Behind is not
// told.
func (s *Store) ListTermPlaces(ctx context.Context) ([]clientele.TermPlace, error) {
	projects, err := s.ListProjects(ctx)
	if err != nil {
		return nil, fmt.Errorf("list places of the search: %w", err)
	}
	var list []clientele.TermPlace
	err = s.query(ctx, "list places of the search", func(ctx context.Context, pool *pgxpool.Pool) error {
		list = nil
		rows, err := pool.Query(ctx, termPlaces)
		if err != nil {
			return err
		}
		var p clientele.TermPlace
		seqs := map[int64]int64{}
		if err := eachRow(rows, []any{&p.ProjectID, &p.Seq}, func() { seqs[p.ProjectID] = p.Seq }); err != nil {
			return err
		}
		for i := range projects {
			list = append(list, clientele.TermPlace{ProjectID: projects[i].ID, Seq: seqs[projects[i].ID]})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list places of the search: %w", err)
	}
	return list, nil
}

const (
	findTermPlace = "SELECT seq FROM customer_term_place WHERE project_id = $1"

	countTermsBehind = `SELECT count(*) FROM (SELECT subject FROM change WHERE project_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) AS c
		WHERE subject = 'customer'`
)

// FindTermPlace returns up to where the history of a project was followed by the search of customers.
func (s *Store) FindTermPlace(ctx context.Context, project int64) (clientele.TermPlace, error) {
	var p clientele.TermPlace
	err := s.query(ctx, "find place of the search", func(ctx context.Context, pool *pgxpool.Pool) error {
		p = clientele.TermPlace{ProjectID: project}
		err := pool.QueryRow(ctx, findTermPlace, project).Scan(&p.Seq)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return pool.QueryRow(ctx, countTermsBehind, project, p.Seq, clientele.MaxTermsBehind).Scan(&p.Behind)
	})
	if err != nil {
		return clientele.TermPlace{}, fmt.Errorf("find place of the search of project %d: %w", project, err)
	}
	return p, nil
}

// loadSearched makes two descents for each customer (see lockCustomers).
const loadSearched = `SELECT k, coalesce(l.terms, ''), c.*
	FROM unnest($2::bigint[]) AS k LEFT JOIN LATERAL (SELECT first_name, last_name, company, email, phone, alt_phone, email_normal,
		phone_e164, alt_phone_e164 FROM customer WHERE project_id = $1 AND id = k LIMIT 1) AS c ON true
	LEFT JOIN LATERAL (SELECT terms FROM customer_term_list WHERE project_id = $1 AND customer_id = k LIMIT 1) AS l ON true`

// LoadSearched returns the customers with the ids as they are now, and what they are found by so far.
func (s *Store) LoadSearched(ctx context.Context, project int64, ids []int64) ([]clientele.SearchedCustomer, error) {
	var customers []clientele.SearchedCustomer
	err := s.queryReplicated(ctx, "load what customers are found by", project, func(p *pgx.Batch) {
		p.Queue(loadSearched, project, notNil(ids)).Query(func(rows pgx.Rows) error {
			customers = make([]clientele.SearchedCustomer, 0, len(ids))
			s := clientele.SearchedCustomer{Customer: clientele.Customer{ProjectID: project}}
			c := &s.Customer
			dest := []any{
				&c.ID, &s.Kept, (*text)(&c.FirstName), (*text)(&c.LastName), (*text)(&c.Company), (*text)(&c.Email), (*text)(&c.Phone),
				(*text)(&c.AltPhone), (*text)(&c.EmailNormal), (*text)(&c.PhoneE164), (*text)(&c.AltPhoneE164),
			}
			return eachRow(rows, dest, func() { customers = append(customers, s) })
		})
	})
	if err != nil {
		return nil, fmt.Errorf("load what %d customers are found by: %w", len(ids), err)
	}
	return customers, nil
}

const (
	beginTermPlace = "INSERT INTO customer_term_place (project_id, seq) VALUES ($1, $2) ON CONFLICT DO NOTHING"
	moveTermPlace  = "UPDATE customer_term_place SET seq = $2 WHERE project_id = $1 AND seq = $3"

	insertTerms = `INSERT INTO customer_term (project_id, block, term, customer_id)
		SELECT $1::bigint, v.* FROM unnest($2::bigint[], $3::text[], $4::bigint[]) AS v ON CONFLICT DO NOTHING`
	deleteTerm = "DELETE FROM customer_term WHERE project_id = $1 AND block = $2 AND term = $3 AND customer_id = $4"

	putTermLists = `INSERT INTO customer_term_list (project_id, customer_id, terms)
		SELECT $1::bigint, v.* FROM unnest($2::bigint[], $3::text[]) AS v
		ON CONFLICT (project_id, customer_id) DO UPDATE SET terms = excluded.terms`

	// forgetTerms reads a block, and so finds what no list tells of, too.
	forgetTerms    = "DELETE FROM customer_term WHERE project_id = $1 AND block = $2 AND customer_id = $3"
	forgetTermList = "DELETE FROM customer_term_list WHERE project_id = $1 AND customer_id = $2"
)

// KeepTerms takes the search of a project's customers further, in one transaction, and reports whether it did: not when it
// does not stand at the step's From any more, since another server was quicker.
func (s *Store) KeepTerms(ctx context.Context, step clientele.TermStep) (done bool, err error) {
	err = s.transactSafely(ctx, "keep terms", func(ctx context.Context, tx pgx.Tx) error {
		query, args := moveTermPlace, []any{step.ProjectID, step.To, step.From}
		if step.From == 0 {
			query, args = beginTermPlace, args[:2]
		}
		tag, err := tx.Exec(ctx, query, args...)
		if done = tag.RowsAffected() == 1; err != nil || !done || len(step.Lists) == 0 {
			return err
		}
		p := &pgx.Batch{}
		for i := range step.Dropped { // a list of terms in one statement looks to the planner as if reading the block were cheaper
			old := &step.Dropped[i]
			p.Queue(deleteTerm, old.ProjectID, old.Block(), old.Term, old.CustomerID)
		}
		p.Queue(insertTerms, termArrays(step.ProjectID, step.Added)...)
		p.Queue(putTermLists, termListArrays(step.ProjectID, step.Lists)...)
		return tx.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return false, fmt.Errorf("keep terms of project %d: %w", step.ProjectID, err)
	}
	return done, nil
}

// termArrays returns the terms as the arguments of insertTerms.
func termArrays(project int64, list []clientele.CustomerTerm) []any {
	n := len(list)
	blocks, terms, customers := make([]int64, n), make([]string, n), make([]int64, n)
	for i := range list {
		t := &list[i]
		blocks[i], terms[i], customers[i] = t.Block(), t.Term, t.CustomerID
	}
	return []any{project, blocks, terms, customers}
}

// termListArrays returns the lists as the arguments of putTermLists.
func termListArrays(project int64, lists []clientele.TermList) []any {
	customers, terms := make([]int64, len(lists)), make([]string, len(lists))
	for i, l := range lists {
		customers[i], terms[i] = l.CustomerID, l.Terms
	}
	return []any{project, customers, terms}
}

// ForgetTerms deletes what a customer is found by. Whoever erases a customer has a change of it tell so: the terms of one
// that is there are made again with its next change.
func (s *Store) ForgetTerms(ctx context.Context, project, customer int64) error {
	err := s.transactSafely(ctx, "forget terms", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, forgetTerms, project, clientele.TermBlock(customer), customer); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, forgetTermList, project, customer)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget terms of customer %d: %w", customer, err)
	}
	return nil
}
