package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
)

const rememberedColumns = `project_id, credential_id, key, body_hash, result, subject_id, reference, at`

const insertRemembered = "INSERT INTO remembered_call (" + rememberedColumns + `) SELECT * FROM unnest($1::bigint[],
	$2::bigint[], $3::text[], $4::bytea[], $5::smallint[], $6::bigint[], $7::text[], $8::timestamptz[])`

// findRemembered finds the calls, with one descent for each (see lockCustomers). It locks nothing: of two servers that
// remember the same call at once, the second fails on the primary key. Who answers from what it found writes a mark, so that it is
// on the standby (see queueReplicated): the call may be one whose own wait for the standby was cut short.
const findRemembered = `SELECT r.* FROM unnest($2::text[], $3::bigint[]) AS k (key, credential) CROSS JOIN LATERAL
	(SELECT ` + rememberedColumns + ` FROM remembered_call
		WHERE project_id = $1 AND key = k.key AND credential_id = k.credential LIMIT 1) AS r`

// queueLoadRemembered asks for the calls that were sent before under the same Idempotency-Key, for the batch.
func (t *commit) queueLoadRemembered(p *pgx.Batch, project int64, calls []clientele.Idempotency) {
	if len(calls) == 0 {
		return
	}
	keys, credentials := make([]string, len(calls)), make([]int64, len(calls))
	for i, call := range calls {
		keys[i], credentials[i] = call.Key, call.CredentialID
	}
	p.Queue(findRemembered, project, keys, credentials).Query(func(rows pgx.Rows) error {
		return eachRemembered(rows, func(r clientele.IdempotencyRecord) {
			t.batch.LoadRemembered(r)
			t.remembered[rememberedKeyOf(&r)] = r.At
		})
	})
}

func eachRemembered(rows pgx.Rows, each func(clientele.IdempotencyRecord)) error {
	var r clientele.IdempotencyRecord
	var hash []byte
	dest := []any{
		&r.ProjectID, &r.CredentialID, &r.Key, &hash, (*uint8)(&r.Result), &r.SubjectID, &r.Reference, (*instant)(&r.At),
	}
	return eachRow(rows, dest, func() {
		copy(r.BodyHash[:], hash)
		each(r)
	})
}

// rememberOnce stores a call to remember, unless it was sent before: then it returns the reference of that.
func rememberOnce(ctx context.Context, tx pgx.Tx, r *clientele.IdempotencyRecord) (reference string, err error) {
	rows, err := tx.Query(ctx, findRemembered, r.ProjectID, []string{r.Key}, []int64{r.CredentialID})
	if err != nil {
		return "", err
	}
	p := &pgx.Batch{}
	var again bool
	var refused error
	err = eachRemembered(rows, func(before clientele.IdempotencyRecord) {
		reference = before.Reference
		again, refused = r.IsRepeatOf(&before, r.At)
		p.Queue(forgetCall, before.ProjectID, before.Key, before.CredentialID, before.At)
	})
	if err = errors.Join(err, refused); err != nil {
		return reference, err
	}
	if again {
		_, err = tx.Exec(ctx, insertMark, r.ProjectID, newMark(r.ProjectID).id)
		return reference, err
	}
	queueRemember(p, []*clientele.IdempotencyRecord{r})
	err = tx.SendBatch(ctx, p).Close()
	if isRace(err) { // somebody sends the same call at this moment
		err = &raceError{err}
	}
	return "", err
}

// rememberedKey is the primary key of a remembered call.
type rememberedKey struct {
	project    int64
	key        string
	credential int64
}

func rememberedKeyOf(r *clientele.IdempotencyRecord) rememberedKey {
	return rememberedKey{r.ProjectID, r.Key, r.CredentialID}
}

// forgetCall deletes the call that was loaded, and no other that may have taken its place.
const forgetCall = "DELETE FROM remembered_call WHERE project_id = $1 AND key = $2 AND credential_id = $3 AND at = $4"

// queueRemembered stores the calls to remember, each in the place of an older one that was loaded.
func (t *commit) queueRemembered(p *pgx.Batch) {
	calls := newestCalls(t.batch.NewRemembered)
	if len(calls) == 0 {
		return
	}
	for _, r := range calls {
		if old, loaded := t.remembered[rememberedKeyOf(r)]; loaded {
			p.Queue(forgetCall, r.ProjectID, r.Key, r.CredentialID, old)
		}
	}
	queueRemember(p, calls)
}

func queueRemember(p *pgx.Batch, calls []*clientele.IdempotencyRecord) {
	n := len(calls)
	projects, credentials, keys, hashes := make([]int64, n), make([]int64, n), make([]string, n), make([][]byte, n)
	results, subjects, references := make([]int16, n), make([]int64, n), make([]string, n)
	times := make([]time.Time, n)
	for i, r := range calls {
		projects[i], credentials[i], keys[i], hashes[i] = r.ProjectID, r.CredentialID, r.Key, r.BodyHash[:]
		results[i], subjects[i], references[i], times[i] = int16(r.Result), r.SubjectID, r.Reference, r.At
	}
	p.Queue(insertRemembered, projects, credentials, keys, hashes, results, subjects, references, times)
}

// newestCalls returns the last call of each key, in the order of the primary key, in which all servers insert them.
func newestCalls(calls []*clientele.IdempotencyRecord) []*clientele.IdempotencyRecord {
	last := make(map[rememberedKey]*clientele.IdempotencyRecord, len(calls))
	for _, r := range calls {
		last[rememberedKeyOf(r)] = r
	}
	list := make([]*clientele.IdempotencyRecord, 0, len(last))
	for _, r := range last {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *clientele.IdempotencyRecord) int {
		return cmp.Or(cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Key, b.Key), cmp.Compare(a.CredentialID, b.CredentialID))
	})
	return list
}

const forgetCalls = `DELETE FROM remembered_call WHERE project_id = $1 AND (key, credential_id) IN
	(SELECT key, credential_id FROM remembered_call WHERE project_id = $1 AND at < $2 ORDER BY at LIMIT $3)`

// ForgetCalls deletes at most limit calls remembered before the given time, the oldest of each project first, and returns
// how many it deleted. On the way it deletes at most limit commit marks that nobody will ask for any more; they do not
// count.
func (s *Store) ForgetCalls(ctx context.Context, before time.Time, limit int) (int64, error) {
	deleted, err := s.forget(ctx, "forget calls", limit, func(ctx context.Context, tx pgx.Tx, project int64, limit int) (int64, error) {
		tag, err := tx.Exec(ctx, forgetCalls, project, before, limit)
		return tag.RowsAffected(), err
	})
	if err == nil {
		err = s.forgetMarks(ctx, limit)
	}
	if err != nil {
		return 0, fmt.Errorf("forget calls: %w", err)
	}
	return deleted, nil
}

// forget deletes old rows project by project, at most limit in all, each project in a transaction of its own.
func (s *Store) forget(ctx context.Context, what string, limit int,
	inProject func(ctx context.Context, tx pgx.Tx, project int64, limit int) (int64, error),
) (int64, error) {
	projects, err := s.ListProjects(ctx)
	if err != nil {
		return 0, err
	}
	var deleted int64
	for _, project := range projects {
		if deleted >= int64(limit) {
			break
		}
		var n int64
		err := s.transactSafely(ctx, what, func(ctx context.Context, tx pgx.Tx) (err error) {
			n, err = inProject(ctx, tx, project.ID, limit-int(deleted))
			return err
		})
		if err != nil {
			return deleted, err
		}
		deleted += n
	}
	return deleted, nil
}
