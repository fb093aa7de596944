package postgres

import (
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
)

const addressColumns = `project_id, id, customer_id, first_name, last_name, company, phone, alt_phone, fax, line1, line2,
	street, street_number, postal_code, city, state, country, is_default_billing, is_default_shipping, created_at,
	updated_at`

const insertAddresses = "INSERT INTO address (" + addressColumns + `) SELECT * FROM unnest($1::bigint[], $2::bigint[],
	$3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
	$12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::boolean[], $19::boolean[],
	$20::timestamptz[], $21::timestamptz[])`

// The addresses of customers, in order of customer and id; one descent for each customer (see lockCustomers).
const (
	addressesOfEach = "SELECT a.* FROM (SELECT DISTINCT id FROM unnest(ARRAY("
	inAddressOrder  = `)) AS found (id) ORDER BY id) AS k CROSS JOIN LATERAL
		(SELECT ` + addressColumns + ` FROM address WHERE project_id = $1 AND customer_id = k.id ORDER BY id OFFSET 0) AS a`

	addressesByID     = addressesOfEach + idsByID + inAddressOrder + " LIMIT $3"
	addressesByAnyKey = addressesOfEach + idsByAnyKey + inAddressOrder
)

// queueAddresses stores the addresses of new customers.
func queueAddresses(p *pgx.Batch, customers []*clientele.Customer) {
	var projects, ids, owners []int64
	var columns [14]texts
	var billing, shipping []bool
	var created, updated []time.Time
	for _, c := range customers {
		for i := range c.Addresses {
			a := &c.Addresses[i]
			projects, ids, owners = append(projects, c.ProjectID), append(ids, a.ID), append(owners, c.ID)
			for j, t := range a.Texts() {
				columns[j] = append(columns[j], t.Text)
			}
			billing, shipping = append(billing, a.IsDefaultBilling), append(shipping, a.IsDefaultShipping)
			created, updated = append(created, a.CreatedAt), append(updated, a.UpdatedAt)
		}
	}
	if len(ids) == 0 {
		return
	}
	args := append(make([]any, 0, 21), projects, ids, owners)
	for i := range columns {
		args = append(args, columns[i])
	}
	p.Queue(insertAddresses, append(args, billing, shipping, created, updated)...)
}

// giveAddresses gives the customers their addresses, which come in order of customer and id.
func giveAddresses(rows pgx.Rows, customers []clientele.Customer) error {
	_, err := countAddresses(rows, customers)
	return err
}

// countAddresses is giveAddresses, and returns how many came.
func countAddresses(rows pgx.Rows, customers []clientele.Customer) (n int, err error) {
	byID := make(map[int64]*clientele.Customer, len(customers))
	for i := range customers {
		byID[customers[i].ID] = &customers[i]
	}
	var project, owner int64
	var a clientele.Address
	dest := append(make([]any, 0, 21), &project, &a.ID, &owner)
	for _, t := range a.Texts() {
		dest = append(dest, (*text)(t.Text))
	}
	dest = append(dest, &a.IsDefaultBilling, &a.IsDefaultShipping, (*instant)(&a.CreatedAt), (*instant)(&a.UpdatedAt))
	err = eachRow(rows, dest, func() {
		n++
		if c := byID[owner]; c != nil { // it may have come after the customers were read
			c.Addresses = append(c.Addresses, a)
		}
	})
	return n, err
}
