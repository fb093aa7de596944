package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"clientele"
)

const addressColumns = `id, project_id, customer_id, first_name, last_name, company, phone, alt_phone, fax, line1, line2,
	street, street_number, postal_code, city, state, country, is_default_billing, is_default_shipping, created_at,
	updated_at`

const numAddressColumns = 21

func appendAddress(values []any, c *clientele.Customer, a *clientele.Address) []any {
	values = append(values, a.ID, c.ProjectID, c.ID)
	for _, t := range a.Texts() {
		values = append(values, value(*t.Text))
	}
	return append(values, a.IsDefaultBilling, a.IsDefaultShipping, a.CreatedAt.UnixMicro(), a.UpdatedAt.UnixMicro())
}

func scanAddress(rows *sql.Rows) (customerID int64, a clientele.Address, err error) {
	var project int64
	dest := []any{&a.ID, &project, &customerID}
	for _, t := range a.Texts() {
		dest = append(dest, t.Text)
	}
	err = rows.Scan(append(dest, &a.IsDefaultBilling, &a.IsDefaultShipping, instant{&a.CreatedAt}, instant{&a.UpdatedAt})...)
	return customerID, a, err
}

// loadAddresses gives the customers their addresses.
func (t *tx) loadAddresses(project int64, customers []clientele.Customer) error {
	byID := make(map[int64]*clientele.Customer, len(customers))
	ids := make([]int64, len(customers))
	for i := range customers {
		ids[i] = customers[i].ID
		byID[ids[i]] = &customers[i]
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := t.query(addressesOf, project, string(list))
	if err != nil {
		return err
	}
	return collect(rows, func(rows *sql.Rows) error {
		id, a, err := scanAddress(rows)
		if err != nil {
			return err
		}
		byID[id].Addresses = append(byID[id].Addresses, a)
		return nil
	})
}

const addressesOf = "SELECT " + addressColumns + ` FROM address
	WHERE project_id = ? AND customer_id IN (SELECT value FROM json_each(?)) ORDER BY customer_id, id`

func (s *Store) listAddresses(ctx context.Context, project, customer int64) ([]clientele.Address, error) {
	rows, err := s.read.QueryContext(ctx,
		"SELECT "+addressColumns+" FROM address WHERE project_id = ? AND customer_id = ? ORDER BY id", project, customer)
	if err != nil {
		return nil, err
	}
	var list []clientele.Address
	err = collect(rows, func(rows *sql.Rows) error {
		_, a, err := scanAddress(rows)
		list = append(list, a)
		return err
	})
	return list, err
}
