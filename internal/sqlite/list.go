package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"

	"clientele"
)

// ListPositions returns the places of the customers that a query selects, in its order, at most its limit. It goes
// along an index.
func (s *Store) ListPositions(ctx context.Context, q clientele.CustomerQuery) ([]clientele.Position, error) {
	query, args := positionsSQL(q)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list customers of project %d: %w", q.ProjectID, classify(err))
	}
	list := make([]clientele.Position, 0, min(q.Limit, clientele.MaxPage+1))
	err = collect(rows, func(rows *sql.Rows) error {
		var p clientele.Position
		err := rows.Scan(instant{&p.At}, &p.ID)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list customers of project %d: %w", q.ProjectID, classify(err))
	}
	return list, nil
}

func positionsSQL(q clientele.CustomerQuery) (query string, args []any) {
	query, date, id := "SELECT u.at, u.customer_id FROM "+currentPlaces+" WHERE u.project_id = ?1", "u.at", "u.customer_id"
	if q.ByCreated {
		query, date, id = "SELECT created_at, id FROM customer WHERE project_id = ?1", "created_at", "id"
	}
	order, behind := " ASC", ">"
	if q.Newest {
		order, behind = " DESC", "<"
	}
	args = append(args, q.ProjectID)
	if !q.From.IsZero() {
		query, args = query+" AND "+date+" >= ?", append(args, q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		query, args = query+" AND "+date+" <= ?", append(args, q.To.UnixMicro())
	}
	if q.After != nil {
		query, args = query+" AND ("+date+", "+id+") "+behind+" (?, ?)", append(args, q.After.At.UnixMicro(), q.After.ID)
	}
	query += " ORDER BY " + date + order + ", " + id + order + " LIMIT ? OFFSET ?"
	return query, append(args, q.Limit, q.Offset)
}

// LoadCustomers returns the project's customers with the given ids, with their addresses, in the order of ids. One that
// is gone, or that belongs to another project, is left out.
func (s *Store) LoadCustomers(ctx context.Context, project int64, ids []int64) ([]clientele.Customer, error) {
	return s.LoadCustomersWithin(ctx, project, ids, anyNumber)
}

// LoadCustomersWithin is LoadCustomers, or clientele.ErrManyAddresses when the customers have more addresses than that among
// them; one customer alone is always loaded whole.
func (s *Store) LoadCustomersWithin(ctx context.Context, project int64, ids []int64, addresses int) ([]clientele.Customer, error) {
	if len(ids) == 1 {
		addresses = anyNumber
	}
	list, err := s.loadCustomers(ctx, project, ids, addresses)
	if err != nil {
		return nil, fmt.Errorf("load %d customers of project %d: %w", len(ids), project, classify(err))
	}
	return list, nil
}

// anyNumber of addresses are loaded: no more than a number of that size can be there.
const anyNumber = math.MaxInt32

const (
	// The plus keeps SQLite from going to an id by the index of projects, which is a second look-up for each.
	packedCustomers = "SELECT json_array(" + customerColumns + `) FROM customer
		WHERE +project_id = ? AND id IN (SELECT value FROM json_each(?))`
	packedAddresses = "SELECT json_array(" + addressColumns + `) FROM address
		WHERE project_id = ? AND customer_id IN (SELECT value FROM json_each(?)) ORDER BY customer_id, id LIMIT ?`
)

func (s *Store) loadCustomers(ctx context.Context, project int64, ids []int64, most int) ([]clientele.Customer, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys := jsonIDs(ids)
	list := make([]clientele.Customer, len(ids))
	places, found := make(map[int64]int, len(ids)), 0
	for i, id := range ids {
		places[id] = i
	}
	err := s.eachPacked(ctx, &s.packedCustomers, packedCustomers, []any{project, keys}, func(p *packed) {
		id := p.number()
		c := &list[places[id]]
		c.ID = id
		unpackCustomer(p, c)
		found++
	})
	if err != nil {
		return nil, err
	}
	addresses := 0
	err = s.eachPacked(ctx, &s.packedAddresses, packedAddresses, []any{project, keys, most + 1}, func(p *packed) {
		var a clientele.Address
		addresses++
		if c := &list[places[unpackAddress(p, &a)]]; c.ID != 0 { // it may be gone since
			c.Addresses = append(c.Addresses, a)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case addresses > most:
		return nil, clientele.ErrManyAddresses
	}
	if found < len(ids) {
		list = slices.DeleteFunc(list, func(c clientele.Customer) bool { return c.ID == 0 })
	}
	return list, nil
}

// jsonIDs returns ids as a JSON array.
func jsonIDs(ids []int64) string {
	b := append(make([]byte, 0, 12*len(ids)), '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(append(b, ']'))
}

// eachPacked calls each with every row of a query that has one column, packed rows.
func (s *Store) eachPacked(ctx context.Context, q *preparedRead, query string, args []any, each func(*packed)) error {
	stmt, err := q.on(ctx, s.read, query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return collect(rows, func(rows *sql.Rows) error {
		var row string
		if err := rows.Scan(&row); err != nil {
			return err
		}
		p := unpack(row)
		each(&p)
		return p.end()
	})
}

// unpackCustomer reads customerColumns behind the id.
func unpackCustomer(p *packed, c *clientele.Customer) {
	c.ProjectID = p.number()
	for _, t := range [...]*clientele.Text{
		&c.ExternalID, &c.ExternalNumber, &c.FirstName, &c.LastName, &c.Company, &c.Email, &c.Phone, &c.AltPhone, &c.Fax, &c.IP,
		&c.VATNumber, &c.Type, &c.EmailNormal, &c.PhoneE164, &c.AltPhoneE164, &c.VATNormal,
	} {
		p.text(t)
	}
	c.Flags, c.Source = clientele.Flags(p.number()), clientele.Dialect(p.known())
	c.CredentialID, c.Version, c.CreatedAt, c.UpdatedAt = p.number(), p.number(), p.instant(), p.instant()
}

// unpackAddress reads addressColumns.
func unpackAddress(p *packed, a *clientele.Address) (customer int64) {
	a.ID = p.number()
	_ = p.number() // the project, which was asked for
	customer = p.number()
	for _, t := range a.Texts() {
		p.text(t.Text)
	}
	a.IsDefaultBilling, a.IsDefaultShipping = p.number() != 0, p.number() != 0
	a.CreatedAt, a.UpdatedAt = p.instant(), p.instant()
	return customer
}
