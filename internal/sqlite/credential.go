package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"clientele"
)

const credentialColumns = `c.id, c.dialect, c.name, c.client_id, c.hint, c.scopes, c.reads_per_minute, c.writes_per_minute,
	c.created_at, c.expires_at, c.revoked_at, c.last_used_at`

func scanCredential(row interface{ Scan(...any) error }, more ...any) (clientele.Credential, error) {
	var c clientele.Credential
	var scopes string
	err := row.Scan(append([]any{
		&c.ID, &c.Dialect, &c.Name, &c.ClientID, &c.Hint, &scopes, &c.ReadsPerMinute, &c.WritesPerMinute,
		instant{&c.CreatedAt},
		instant{&c.ExpiresAt},
		instant{&c.RevokedAt},
		instant{&c.LastUsedAt},
	}, more...)...)
	c.Scopes = strings.Fields(scopes)
	return c, err
}

// CreateCredential stores a new credential with its first secret and returns it with its id; kind conflict when the
// secret or the client id is in use already.
func (s *Store) CreateCredential(ctx context.Context, c clientele.Credential, secret clientele.SecretHash) (clientele.Credential, error) {
	err := s.transact(ctx, func(t *tx) error {
		err := t.one(`INSERT INTO credential (dialect, name, client_id, hint, scopes, reads_per_minute, writes_per_minute,
			created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			[]any{
				string(c.Dialect), c.Name, value(c.ClientID), c.Hint, strings.Join(c.Scopes, " "), c.ReadsPerMinute,
				c.WritesPerMinute, c.CreatedAt.UnixMicro(), micros(c.ExpiresAt),
			}, &c.ID)
		if err != nil {
			return err
		}
		for i, g := range c.Grants {
			err := t.exec("INSERT INTO credential_grant (credential_id, position, project_id, key_hash) VALUES (?, ?, ?, ?)",
				c.ID, i, g.ProjectID, g.KeyHash[:])
			if err != nil {
				return err
			}
		}
		return t.insertSecret(clientele.Secret{CredentialID: c.ID, Hash: secret, CreatedAt: c.CreatedAt})
	})
	if isUnique(err) {
		return c, clientele.Errorf(clientele.KindConflict, "this secret is in use by another credential")
	}
	if err != nil {
		return c, fmt.Errorf("create credential: %w", err)
	}
	return c, nil
}

func (t *tx) insertSecret(s clientele.Secret) error {
	return t.exec("INSERT INTO credential_secret (hash, credential_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
		s.Hash[:], s.CredentialID, s.CreatedAt.UnixMicro(), micros(s.ExpiresAt))
}

// FindCredentialBySecret returns the credential that the secret belongs to, revoked or not, and when that secret stops
// working (zero: with the credential); kind not_found when there is none.
func (s *Store) FindCredentialBySecret(ctx context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error) {
	var until time.Time
	c, err := scanCredential(s.read.QueryRowContext(ctx, "SELECT "+credentialColumns+`, s.expires_at FROM credential_secret s
		JOIN credential c ON c.id = s.credential_id WHERE s.hash = ?`, hash[:]), instant{&until})
	c, err = s.withGrants(ctx, c, err)
	return c, until, err
}

// FindCredential returns the credential with our id; kind not_found when there is none.
func (s *Store) FindCredential(ctx context.Context, id int64) (clientele.Credential, error) {
	c, err := scanCredential(s.read.QueryRowContext(ctx, "SELECT "+credentialColumns+" FROM credential c WHERE c.id = ?", id))
	return s.withGrants(ctx, c, err)
}

// FindCredentialByClientID returns the credential with the public id, revoked or not; kind not_found when there is none.
func (s *Store) FindCredentialByClientID(ctx context.Context, clientID string) (clientele.Credential, error) {
	c, err := scanCredential(s.read.QueryRowContext(ctx,
		"SELECT "+credentialColumns+" FROM credential c WHERE c.client_id = ?", clientID))
	return s.withGrants(ctx, c, err)
}

func (s *Store) withGrants(ctx context.Context, c clientele.Credential, err error) (clientele.Credential, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return c, clientele.Errorf(clientele.KindNotFound, "there is no such credential")
	}
	if err == nil {
		c.Grants, err = s.listGrants(ctx, c.ID)
	}
	if err != nil {
		return c, fmt.Errorf("find credential: %w", classify(err))
	}
	return c, nil
}

func (s *Store) listGrants(ctx context.Context, credential int64) ([]clientele.Grant, error) {
	rows, err := s.read.QueryContext(ctx,
		"SELECT project_id, key_hash FROM credential_grant WHERE credential_id = ? ORDER BY position", credential)
	if err != nil {
		return nil, err
	}
	var list []clientele.Grant
	err = collect(rows, func(rows *sql.Rows) error {
		var g clientele.Grant
		var hash []byte
		err := rows.Scan(&g.ProjectID, &hash)
		copy(g.KeyHash[:], hash)
		list = append(list, g)
		return err
	})
	return list, err
}

// ListCredentials returns all credentials in order of id.
func (s *Store) ListCredentials(ctx context.Context) ([]clientele.Credential, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+credentialColumns+" FROM credential c ORDER BY c.id")
	if err != nil {
		return nil, fmt.Errorf("list credentials: %w", classify(err))
	}
	var list []clientele.Credential
	err = collect(rows, func(rows *sql.Rows) error {
		c, err := scanCredential(rows)
		list = append(list, c)
		return err
	})
	if err == nil {
		err = s.addAllGrants(ctx, list)
	}
	if err != nil {
		return nil, fmt.Errorf("list credentials: %w", classify(err))
	}
	return list, nil
}

// addAllGrants reads the grants of all credentials at once: one query for each would make a long list slow.
func (s *Store) addAllGrants(ctx context.Context, list []clientele.Credential) error {
	at := make(map[int64]int, len(list))
	for i := range list {
		at[list[i].ID] = i
	}
	rows, err := s.read.QueryContext(ctx,
		"SELECT credential_id, project_id, key_hash FROM credential_grant ORDER BY credential_id, position")
	if err != nil {
		return err
	}
	return collect(rows, func(rows *sql.Rows) error {
		var credential int64
		var g clientele.Grant
		var hash []byte
		err := rows.Scan(&credential, &g.ProjectID, &hash)
		copy(g.KeyHash[:], hash)
		if i, listed := at[credential]; listed { // not one that was issued meanwhile
			list[i].Grants = append(list[i].Grants, g)
		}
		return err
	})
}

// RevokeCredential ends a credential at the given time, or leaves it as it is when it has ended before; kind not_found
// when there is none.
func (s *Store) RevokeCredential(ctx context.Context, id int64, at time.Time) error {
	return s.changeCredential(ctx, "revoke", id, func(t *tx) error {
		return t.exec("UPDATE credential SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", at.UnixMicro(), id)
	})
}

// RotateCredential gives a credential a new secret, known by hint. Its present ones work until oldUntil at the latest;
// kind not_found when there is no such credential, conflict when the new secret is in use.
func (s *Store) RotateCredential(ctx context.Context, secret clientele.Secret, hint string, oldUntil time.Time) error {
	err := s.changeCredential(ctx, "rotate", secret.CredentialID, func(t *tx) error {
		err := t.exec(`UPDATE credential_secret SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE credential_id = ?2`,
			oldUntil.UnixMicro(), secret.CredentialID)
		if err != nil {
			return err
		}
		if err := t.insertSecret(secret); err != nil {
			return err
		}
		return t.exec("UPDATE credential SET hint = ? WHERE id = ?", hint, secret.CredentialID)
	})
	if isUnique(err) {
		return clientele.Errorf(clientele.KindConflict, "this secret is in use by another credential")
	}
	return err
}

// SetCredentialLimits bounds the calls of a credential in a minute anew, 0 for no limit; kind not_found when there is none.
func (s *Store) SetCredentialLimits(ctx context.Context, id int64, readsPerMinute, writesPerMinute int) error {
	return s.changeCredential(ctx, "set limits of", id, func(t *tx) error {
		return t.exec("UPDATE credential SET reads_per_minute = ?, writes_per_minute = ? WHERE id = ?", readsPerMinute, writesPerMinute, id)
	})
}

func (s *Store) changeCredential(ctx context.Context, what string, id int64, do func(*tx) error) error {
	err := s.transact(ctx, func(t *tx) error {
		var one int
		if err := t.one("SELECT 1 FROM credential WHERE id = ?", []any{id}, &one); errors.Is(err, sql.ErrNoRows) {
			return clientele.Errorf(clientele.KindNotFound, "there is no credential %d", id)
		} else if err != nil {
			return err
		}
		return do(t)
	})
	if err != nil {
		return fmt.Errorf("%s credential %d: %w", what, id, err)
	}
	return nil
}

// TouchCredentials records when credentials were last used.
func (s *Store) TouchCredentials(ctx context.Context, usedAt map[int64]time.Time) error {
	err := s.transact(ctx, func(t *tx) error {
		for id, at := range usedAt {
			err := t.exec("UPDATE credential SET last_used_at = ?1 WHERE id = ?2 AND coalesce(last_used_at, 0) < ?1",
				at.UnixMicro(), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("touch credentials: %w", err)
	}
	return nil
}
