package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// credentialColumns are a credential with its grants, which come as two arrays.
const credentialColumns = `c.id, c.dialect, c.name, c.client_id, c.hint, c.scopes, c.reads_per_minute, c.writes_per_minute,
	c.created_at, c.expires_at, c.revoked_at, c.last_used_at,
	ARRAY(SELECT g.project_id FROM credential_grant g WHERE g.credential_id = c.id ORDER BY g.position),
	ARRAY(SELECT g.key_hash FROM credential_grant g WHERE g.credential_id = c.id ORDER BY g.position)`

// foundCredential is a credential and when the secret that found it ends.
type foundCredential struct {
	clientele.Credential
	until time.Time
}

func scanCredential(row pgx.CollectableRow) (foundCredential, error) {
	var c foundCredential
	var scopes string
	var projects []int64
	var hashes [][]byte
	err := row.Scan(&c.ID, (*string)(&c.Dialect), &c.Name, (*text)(&c.ClientID), &c.Hint, &scopes, &c.ReadsPerMinute,
		&c.WritesPerMinute, (*instant)(&c.CreatedAt), (*instant)(&c.ExpiresAt), (*instant)(&c.RevokedAt),
		(*instant)(&c.LastUsedAt), &projects, &hashes, (*instant)(&c.until))
	c.Scopes = strings.Fields(scopes)
	c.Grants = make([]clientele.Grant, len(projects))
	for i := range c.Grants {
		c.Grants[i].ProjectID = projects[i]
		copy(c.Grants[i].KeyHash[:], hashes[i])
	}
	return c, err
}

// CreateCredential stores a new credential with its first secret and returns it with its id; kind conflict when the
// secret or the client id is in use already.
func (s *Store) CreateCredential(ctx context.Context, c clientele.Credential, secret clientele.SecretHash) (clientele.Credential, error) {
	err := s.transact(ctx, "create credential", func(ctx context.Context, tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO credential (dialect, name, client_id, hint, scopes, reads_per_minute,
			writes_per_minute, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
			string(c.Dialect), c.Name, (*text)(&c.ClientID), c.Hint, strings.Join(c.Scopes, " "), c.ReadsPerMinute,
			c.WritesPerMinute, c.CreatedAt, at(c.ExpiresAt)).Scan(&c.ID)
		if err != nil {
			return err
		}
		p := &pgx.Batch{}
		for i, g := range c.Grants {
			p.Queue("INSERT INTO credential_grant (credential_id, position, project_id, key_hash) VALUES ($1, $2, $3, $4)",
				c.ID, i, g.ProjectID, g.KeyHash[:])
		}
		queueSecret(p, clientele.Secret{CredentialID: c.ID, Hash: secret, CreatedAt: c.CreatedAt})
		p.Queue(tellWatchers)
		return tx.SendBatch(ctx, p).Close()
	})
	if isUnique(err) {
		return c, clientele.Errorf(clientele.KindConflict, "this secret is in use by another credential")
	}
	if err != nil {
		return c, fmt.Errorf("create credential: %w", err)
	}
	return c, nil
}

func queueSecret(p *pgx.Batch, s clientele.Secret) {
	p.Queue("INSERT INTO credential_secret (hash, credential_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
		s.Hash[:], s.CredentialID, s.CreatedAt, at(s.ExpiresAt))
}

// FindCredentialBySecret returns the credential that the secret belongs to, revoked or not, and when that secret stops
// working (zero: with the credential); kind not_found when there is none.
func (s *Store) FindCredentialBySecret(ctx context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error) {
	return s.findCredential(ctx, "SELECT "+credentialColumns+`, s.expires_at FROM credential_secret s
		JOIN credential c ON c.id = s.credential_id WHERE s.hash = $1`, hash[:])
}

// FindCredential returns the credential with our id; kind not_found when there is none.
func (s *Store) FindCredential(ctx context.Context, id int64) (clientele.Credential, error) {
	c, _, err := s.findCredential(ctx, "SELECT "+credentialColumns+", NULL::timestamptz FROM credential c WHERE c.id = $1", id)
	return c, err
}

// FindCredentialByClientID returns the credential with the public id, revoked or not; kind not_found when there is none.
func (s *Store) FindCredentialByClientID(ctx context.Context, clientID string) (clientele.Credential, error) {
	c, _, err := s.findCredential(ctx,
		"SELECT "+credentialColumns+", NULL::timestamptz FROM credential c WHERE c.client_id = $1", clientID)
	return c, err
}

func (s *Store) findCredential(ctx context.Context, query string, key any) (clientele.Credential, time.Time, error) {
	var c foundCredential
	err := s.query(ctx, "find credential", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, query, key)
		if err != nil {
			return err
		}
		c, err = pgx.CollectExactlyOneRow(rows, scanCredential)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return c.Credential, c.until, clientele.Errorf(clientele.KindNotFound, "there is no such credential")
	}
	if err != nil {
		return c.Credential, c.until, fmt.Errorf("find credential: %w", err)
	}
	return c.Credential, c.until, nil
}

// ListCredentials returns all credentials in order of id.
func (s *Store) ListCredentials(ctx context.Context) ([]clientele.Credential, error) {
	var found []foundCredential
	err := s.query(ctx, "list credentials", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, "SELECT "+credentialColumns+", NULL::timestamptz FROM credential c ORDER BY c.id")
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scanCredential)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list credentials: %w", err)
	}
	list := make([]clientele.Credential, len(found))
	for i, c := range found {
		list[i] = c.Credential
	}
	return list, nil
}

// RevokeCredential ends a credential at the given time, or leaves it as it is when it has ended before; kind not_found
// when there is none. Every server hears of it at once (see Watch).
func (s *Store) RevokeCredential(ctx context.Context, id int64, at time.Time) error {
	err := s.transactSafely(ctx, "revoke credential", changeCredential(id, func(p *pgx.Batch) {
		p.Queue("UPDATE credential SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL", at, id)
	}))
	if err != nil {
		return fmt.Errorf("revoke credential %d: %w", id, err)
	}
	return nil
}

// RotateCredential gives a credential a new secret, known by hint. Its present ones work until oldUntil at the latest;
// kind not_found when there is no such credential, conflict when the new secret is in use. Every server hears of it at
// once (see Watch).
func (s *Store) RotateCredential(ctx context.Context, secret clientele.Secret, hint string, oldUntil time.Time) error {
	id := secret.CredentialID
	err := s.transact(ctx, "rotate credential", changeCredential(id, func(p *pgx.Batch) {
		p.Queue("UPDATE credential_secret SET expires_at = least(expires_at, $1) WHERE credential_id = $2", oldUntil, id)
		queueSecret(p, secret)
		p.Queue("UPDATE credential SET hint = $1 WHERE id = $2", hint, id)
	}))
	if isUnique(err) {
		return clientele.Errorf(clientele.KindConflict, "this secret is in use by another credential")
	}
	if err != nil {
		return fmt.Errorf("rotate credential %d: %w", id, err)
	}
	return nil
}

// SetCredentialLimits bounds the calls of a credential in a minute anew, 0 for no limit; kind not_found when there is none.
// Every server hears of it at once (see Watch).
func (s *Store) SetCredentialLimits(ctx context.Context, id int64, readsPerMinute, writesPerMinute int) error {
	err := s.transactSafely(ctx, "set limits of credential", changeCredential(id, func(p *pgx.Batch) {
		p.Queue("UPDATE credential SET reads_per_minute = $1, writes_per_minute = $2 WHERE id = $3", readsPerMinute, writesPerMinute, id)
	}))
	if err != nil {
		return fmt.Errorf("set limits of credential %d: %w", id, err)
	}
	return nil
}

// changeCredential returns a transaction that does what is queued to a credential that is there, one at a time, and tells
// the watchers.
func changeCredential(id int64, queue func(p *pgx.Batch)) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		var one int
		err := tx.QueryRow(ctx, "SELECT 1 FROM credential WHERE id = $1 FOR NO KEY UPDATE", id).Scan(&one)
		if errors.Is(err, pgx.ErrNoRows) {
			return clientele.Errorf(clientele.KindNotFound, "there is no credential %d", id)
		}
		if err != nil {
			return err
		}
		p := &pgx.Batch{}
		queue(p)
		p.Queue(tellWatchers)
		return tx.SendBatch(ctx, p).Close()
	}
}

// TouchCredentials records when credentials were last used. It goes through them in order of id, like every server.
func (s *Store) TouchCredentials(ctx context.Context, usedAt map[int64]time.Time) error {
	ids := slices.Sorted(maps.Keys(usedAt))
	err := s.transactSafely(ctx, "touch credentials", func(ctx context.Context, tx pgx.Tx) error {
		p := &pgx.Batch{}
		for _, id := range ids {
			p.Queue(`UPDATE credential SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)`,
				usedAt[id], id)
		}
		return tx.SendBatch(ctx, p).Close()
	})
	if err != nil {
		return fmt.Errorf("touch credentials: %w", err)
	}
	return nil
}
