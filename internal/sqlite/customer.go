package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"clientele"
)

const customerColumns = `id, project_id, external_id, external_number, first_name, last_name, company, email, phone,
	alt_phone, fax, ip, vat_number, type, email_normal, phone_e164, alt_phone_e164, vat_normal, flags, source,
	credential_id, version, created_at, updated_at`

// numCustomerColumns are customerColumns and last_change.
const numCustomerColumns = 25

const insertCustomerSQL = "INSERT INTO customer (" + customerColumns + ", last_change)"

// customerUpdate is what an update changes apart from the unique keys, whose indexes it leaves alone.
const customerUpdate = ` ON CONFLICT (id) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
	company = excluded.company, email = excluded.email, phone = excluded.phone, alt_phone = excluded.alt_phone,
	fax = excluded.fax, ip = excluded.ip, vat_number = excluded.vat_number, type = excluded.type,
	email_normal = excluded.email_normal, phone_e164 = excluded.phone_e164, alt_phone_e164 = excluded.alt_phone_e164,
	vat_normal = excluded.vat_normal, flags = excluded.flags, version = excluded.version, updated_at = excluded.updated_at,
	last_change = excluded.last_change`

func (t *tx) appendCustomer(values []any, c *clientele.Customer) []any {
	return append(values, c.ID, c.ProjectID, value(c.ExternalID), value(c.ExternalNumber), value(c.FirstName),
		value(c.LastName), value(c.Company), value(c.Email), value(c.Phone), value(c.AltPhone), value(c.Fax), value(c.IP),
		value(c.VATNumber), value(c.Type), value(c.EmailNormal), value(c.PhoneE164), value(c.AltPhoneE164),
		value(c.VATNormal), int64(c.Flags), string(c.Source), c.CredentialID, c.Version, c.CreatedAt.UnixMicro(),
		c.UpdatedAt.UnixMicro(), t.last[record{clientele.SubjectCustomer, c.ID}])
}

func scanCustomer(row interface{ Scan(...any) error }) (clientele.Customer, error) {
	var c clientele.Customer
	err := row.Scan(&c.ID, &c.ProjectID, &c.ExternalID, &c.ExternalNumber, &c.FirstName, &c.LastName, &c.Company, &c.Email,
		&c.Phone, &c.AltPhone, &c.Fax, &c.IP, &c.VATNumber, &c.Type, &c.EmailNormal, &c.PhoneE164, &c.AltPhoneE164,
		&c.VATNormal, &c.Flags, &c.Source, &c.CredentialID, &c.Version, instant{&c.CreatedAt}, instant{&c.UpdatedAt})
	return c, err
}

// loadCustomers hands the batch the customers under the keys. It reads inside the write transaction, so nobody can
// change them before the batch is kept.
func (t *tx) loadCustomers(b *clientele.Batch, project int64, keys *clientele.Keys) error {
	for _, k := range []struct {
		column string
		keys   any
		count  int
	}{
		{"external_id", keys.ExternalIDs, len(keys.ExternalIDs)},
		{"external_number", keys.ExternalNumbers, len(keys.ExternalNumbers)},
		{"id", keys.CustomerIDs, len(keys.CustomerIDs)},
	} {
		if k.count == 0 {
			continue
		}
		found, err := t.findCustomers(k.column, project, k.keys)
		if err != nil {
			return err
		}
		if keys.Addresses {
			if err := t.loadAddresses(project, found); err != nil {
				return err
			}
		}
		for _, c := range found {
			b.LoadCustomer(c)
		}
	}
	return nil
}

// findCustomers returns the project's customers whose column is one of keys ([]string or []int64).
func (t *tx) findCustomers(column string, project int64, keys any) ([]clientele.Customer, error) {
	of, list, err := oneOf(keys)
	if err != nil {
		return nil, err
	}
	where := "project_id = ? AND "
	if column == "id" {
		where = "+" + where // as in packedCustomers
	}
	rows, err := t.query("SELECT "+customerColumns+", last_change FROM customer WHERE "+where+column+of, project, list)
	if err != nil {
		return nil, err
	}
	var found []clientele.Customer
	err = collect(rows, func(rows *sql.Rows) error {
		var last int64
		c, err := scanCustomer(scanAlso{rows, &last})
		found = append(found, c)
		t.note(record{clientele.SubjectCustomer, c.ID}, last)
		return err
	})
	return found, err
}

// scanAlso scans one column more.
type scanAlso struct {
	rows *sql.Rows
	also any
}

func (s scanAlso) Scan(dest ...any) error { return s.rows.Scan(append(dest, s.also)...) }

// oneOf returns how a column is compared with keys ([]string or []int64), and the value to bind. Most transactions of a server that
// has little to do have one key, which need not go by JSON.
func oneOf(keys any) (compare string, value any, err error) {
	switch k := keys.(type) {
	case []string:
		if len(k) == 1 {
			return " = ?", k[0], nil
		}
	case []int64:
		if len(k) == 1 {
			return " = ?", k[0], nil
		}
	}
	list, err := json.Marshal(keys)
	return " IN (SELECT value FROM json_each(?))", string(list), err
}

func (t *tx) insertCustomers(b *clientele.Batch) error {
	values, addresses, places := t.store.values[:0], []any(nil), []any(nil)
	for c := range b.NewCustomers {
		values, places = t.appendCustomer(values, c), appendPlace(places, c)
		for i := range c.Addresses {
			addresses = appendAddress(addresses, c, &c.Addresses[i])
		}
	}
	err := t.insertRows(insertCustomerSQL, "", numCustomerColumns, values)
	if t.store.values.keep(values); err != nil {
		return fmt.Errorf("insert customers: %w", err)
	}
	if err := t.insertRows("INSERT INTO address ("+addressColumns+")", "", numAddressColumns, addresses); err != nil {
		return fmt.Errorf("insert addresses: %w", err)
	}
	return t.insertPlaces(places)
}

func (t *tx) updateCustomers(b *clientele.Batch) error {
	values, places := t.store.values[:0], []any(nil)
	for c := range b.ChangedCustomers {
		values, places = t.appendCustomer(values, c), appendPlace(places, c)
	}
	err := t.insertRows(insertCustomerSQL, customerUpdate, numCustomerColumns, values)
	if t.store.values.keep(values); err != nil {
		return fmt.Errorf("update customers: %w", err)
	}
	if err := t.insertPlaces(places); err != nil {
		return err
	}
	return t.moveKeys(b.RekeyedCustomers())
}

// freeKeys takes their old unique keys from customers that get new ones, before anybody gets any: so a new customer may
// take one of them, and two customers may swap theirs.
func (t *tx) freeKeys(customers []*clientele.Customer) error {
	for _, c := range customers {
		err := t.exec("UPDATE customer SET external_id = NULL, external_number = NULL WHERE project_id = ? AND id = ?",
			c.ProjectID, c.ID)
		if err != nil {
			return fmt.Errorf("free keys: %w", err)
		}
	}
	return nil
}

// moveKeys gives customers their new unique keys.
func (t *tx) moveKeys(customers []*clientele.Customer) error {
	for _, c := range customers {
		err := t.exec("UPDATE customer SET external_id = ?, external_number = ? WHERE project_id = ? AND id = ?",
			value(c.ExternalID), value(c.ExternalNumber), c.ProjectID, c.ID)
		if err != nil {
			return fmt.Errorf("move keys: %w", err)
		}
	}
	return nil
}

// FindCustomer returns the project's customer with our id, with its addresses; kind not_found when there is none.
func (s *Store) FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error) {
	found, err := s.loadCustomers(ctx, project, []int64{id}, anyNumber)
	if err != nil {
		return clientele.Customer{}, fmt.Errorf("find customer in project %d: %w", project, classify(err))
	}
	if len(found) == 0 {
		return clientele.Customer{}, errNoCustomer()
	}
	return found[0], nil
}

func errNoCustomer() error {
	return clientele.Errorf(clientele.KindNotFound, "there is no such customer")
}

// FindCustomerByExternalID returns the project's customer with the partner's id, with its addresses; kind not_found
// when there is none.
func (s *Store) FindCustomerByExternalID(ctx context.Context, project int64, externalID string) (clientele.Customer, error) {
	c, err := scanCustomer(s.read.QueryRowContext(ctx,
		"SELECT "+customerColumns+" FROM customer WHERE project_id = ? AND external_id = ?", project, externalID))
	if errors.Is(err, sql.ErrNoRows) {
		return c, errNoCustomer()
	}
	if err == nil {
		c.Addresses, err = s.listAddresses(ctx, project, c.ID)
	}
	if err != nil {
		return c, fmt.Errorf("find customer in project %d: %w", project, classify(err))
	}
	return c, nil
}

// value returns t as it is bound.
func value(t clientele.Text) any {
	if !t.Valid {
		return nil
	}
	return t.V
}
