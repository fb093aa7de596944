package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const customerColumns = `project_id, id, external_id, external_number, first_name, last_name, company, email, phone,
	alt_phone, fax, ip, vat_number, type, email_normal, phone_e164, alt_phone_e164, vat_normal, flags, source,
	credential_id, version, created_at, updated_at`

// updateCustomers is what follows an INSERT that changes what an update changes apart from the unique keys. It finds its rows
// through the primary key whatever the planner believes about the size of tables, which a join with an UPDATE does not.
const updateCustomers = ` ON CONFLICT (project_id, id) DO UPDATE SET first_name = excluded.first_name,
	last_name = excluded.last_name, company = excluded.company, email = excluded.email, phone = excluded.phone,
	alt_phone = excluded.alt_phone, fax = excluded.fax, ip = excluded.ip, vat_number = excluded.vat_number,
	type = excluded.type, email_normal = excluded.email_normal, phone_e164 = excluded.phone_e164,
	alt_phone_e164 = excluded.alt_phone_e164, vat_normal = excluded.vat_normal, flags = excluded.flags,
	version = excluded.version, updated_at = excluded.updated_at`

// customerTexts returns the places of the texts of c in the order of their columns.
func customerTexts(c *clientele.Customer) [16]*clientele.Text {
	return [16]*clientele.Text{
		&c.ExternalID, &c.ExternalNumber, &c.FirstName, &c.LastName, &c.Company, &c.Email, &c.Phone, &c.AltPhone, &c.Fax,
		&c.IP, &c.VATNumber, &c.Type, &c.EmailNormal, &c.PhoneE164, &c.AltPhoneE164, &c.VATNormal,
	}
}

// customerDest returns where the customerColumns of a row are scanned into c.
func customerDest(c *clientele.Customer) []any {
	dest := append(make([]any, 0, 24), &c.ProjectID, &c.ID)
	for _, t := range customerTexts(c) {
		dest = append(dest, (*text)(t))
	}
	return append(dest, (*uint32)(&c.Flags), (*string)(&c.Source), &c.CredentialID, &c.Version,
		(*instant)(&c.CreatedAt), (*instant)(&c.UpdatedAt))
}

func scanCustomers(rows pgx.Rows, each func(clientele.Customer)) error {
	var c clientele.Customer
	return eachRow(rows, customerDest(&c), func() { each(c) })
}

// The look-ups of a batch find ids under the keys and then lock the customers in order of id, which never changes: so two
// transactions never wait for each other.
//
// They are written for the planner that knows nothing yet. A list of keys beside project_id, or a join with one, looks to
// it as if reading the whole project were cheaper, as long as no ANALYZE has told it how large the project is; a new book
// would be slow until then, and every kept plan after it. A LATERAL with LIMIT leaves no choice but one descent per key.
const (
	lockCustomers = "SELECT c.* FROM (SELECT DISTINCT id FROM unnest(ARRAY("
	inLockOrder   = `)) AS found (id) ORDER BY id) AS k CROSS JOIN LATERAL
		(SELECT ` + customerColumns + ` FROM customer WHERE project_id = $1 AND id = k.id LIMIT 1 FOR NO KEY UPDATE) AS c`

	idsByID             = "SELECT unnest($2::bigint[])"
	idsByExternalID     = "SELECT (SELECT id FROM customer WHERE project_id = $1 AND external_id = key) FROM unnest($2::text[]) AS key"
	idsByExternalNumber = "SELECT (SELECT id FROM customer WHERE project_id = $1 AND external_number = key) FROM unnest($2::text[]) AS key"
	idsByAnyKey         = idsByID + `
		UNION ALL SELECT (SELECT id FROM customer WHERE project_id = $1 AND external_id = key) FROM unnest($3::text[]) AS key
		UNION ALL SELECT (SELECT id FROM customer WHERE project_id = $1 AND external_number = key) FROM unnest($4::text[]) AS key`

	lockByID             = lockCustomers + idsByID + inLockOrder
	lockByExternalID     = lockCustomers + idsByExternalID + inLockOrder
	lockByExternalNumber = lockCustomers + idsByExternalNumber + inLockOrder
	lockByAnyKey         = lockCustomers + idsByAnyKey + inLockOrder
)

// queueLoadCustomers asks for the customers under the keys, for the batch.
func queueLoadCustomers(p *pgx.Batch, b *clientele.Batch, project int64, keys *clientele.Keys) {
	var q *pgx.QueuedQuery
	switch ids, externalIDs, numbers := len(keys.CustomerIDs), len(keys.ExternalIDs), len(keys.ExternalNumbers); {
	case ids+externalIDs+numbers == 0:
		return
	case externalIDs+numbers == 0:
		q = p.Queue(lockByID, project, keys.CustomerIDs)
	case ids+numbers == 0:
		q = p.Queue(lockByExternalID, project, keys.ExternalIDs)
	case ids+externalIDs == 0:
		q = p.Queue(lockByExternalNumber, project, keys.ExternalNumbers)
	default:
		q = p.Queue(lockByAnyKey, project, notNil(keys.CustomerIDs), notNil(keys.ExternalIDs), notNil(keys.ExternalNumbers))
	}
	if !keys.Addresses {
		q.Query(func(rows pgx.Rows) error { return scanCustomers(rows, b.LoadCustomer) })
		return
	}
	var found []clientele.Customer
	q.Query(func(rows pgx.Rows) error {
		return scanCustomers(rows, func(c clientele.Customer) { found = append(found, c) })
	})
	q = p.Queue(addressesByAnyKey, project, notNil(keys.CustomerIDs), notNil(keys.ExternalIDs), notNil(keys.ExternalNumbers))
	q.Query(func(rows pgx.Rows) error {
		if err := giveAddresses(rows, found); err != nil {
			return err
		}
		for _, c := range found {
			b.LoadCustomer(c)
		}
		return nil
	})
}

// notNil makes a missing list an empty array, which is not NULL.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

const (
	freeKeys = "UPDATE customer SET external_id = NULL, external_number = NULL WHERE project_id = $1 AND id = $2"
	moveKeys = "UPDATE customer SET external_id = $3, external_number = $4 WHERE project_id = $1 AND id = $2"
)

// queueCustomers stores what the batch decided about customers. New ones come in order of their keys, like the locks
// above; a customer whose keys change gives up the old ones before anybody takes any. It returns how many are new.
func (t *commit) queueCustomers(p *pgx.Batch) (added int) {
	var placed []*clientele.Customer
	rekeyed := t.batch.RekeyedCustomers()
	slices.SortFunc(rekeyed, compareKeys)
	for _, c := range rekeyed {
		p.Queue(freeKeys, c.ProjectID, c.ID)
	}
	if list := slices.SortedFunc(t.batch.NewCustomers, compareKeys); len(list) > 0 {
		if !t.copied.customers {
			sql, args := customerInsert(list)
			p.Queue(sql, args...)
			placed = append(placed, list...)
		}
		queueAddresses(p, list)
		added = len(list)
	}
	if changed := slices.Collect(t.batch.ChangedCustomers); len(changed) > 0 {
		t.updates = int64(len(changed))
		sql, args := customerInsert(changed)
		p.Queue(sql+updateCustomers, args...)
		placed = append(placed, changed...)
	}
	if len(placed) > 0 {
		sql, args := placesInsert(placed)
		p.Queue(sql, args...)
	}
	for _, c := range rekeyed {
		p.Queue(moveKeys, c.ProjectID, c.ID, (*text)(&c.ExternalID), (*text)(&c.ExternalNumber))
	}
	return added
}

func compareKeys(a, b *clientele.Customer) int {
	return cmp.Or(
		cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.ExternalID.V, b.ExternalID.V),
		cmp.Compare(a.ExternalNumber.V, b.ExternalNumber.V), cmp.Compare(a.ID, b.ID))
}

// FindCustomer returns the project's customer with our id, with its addresses; kind not_found when there is none.
func (s *Store) FindCustomer(ctx context.Context, project, id int64) (clientele.Customer, error) {
	return s.findCustomer(ctx, "id = $2", project, id)
}

// FindCustomerByExternalID returns the project's customer with the partner's id, with its addresses; kind not_found
// when there is none.
func (s *Store) FindCustomerByExternalID(ctx context.Context, project int64, externalID string) (clientele.Customer, error) {
	return s.findCustomer(ctx, "external_id = $2", project, externalID)
}

func (s *Store) findCustomer(ctx context.Context, where string, project int64, key any) (clientele.Customer, error) {
	var found []clientele.Customer
	err := s.query(ctx, "find customer", func(ctx context.Context, pool *pgxpool.Pool) error {
		found = nil
		p := &pgx.Batch{}
		p.Queue("SELECT "+customerColumns+" FROM customer WHERE project_id = $1 AND "+where, project, key).Query(func(rows pgx.Rows) error {
			return scanCustomers(rows, func(c clientele.Customer) { found = append(found, c) })
		})
		p.Queue("SELECT "+addressColumns+` FROM address WHERE project_id = $1
			AND customer_id = (SELECT id FROM customer WHERE project_id = $1 AND `+where+") ORDER BY id", project, key).Query(func(rows pgx.Rows) error { return giveAddresses(rows, found) })
		return pool.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return clientele.Customer{}, fmt.Errorf("find customer in project %d: %w", project, err)
	}
	if len(found) == 0 {
		return clientele.Customer{}, clientele.Errorf(clientele.KindNotFound, "there is no such customer")
	}
	return found[0], nil
}
