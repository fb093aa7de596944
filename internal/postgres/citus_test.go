package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestServerError_OfANode: what Citus passes on without its code is understood by its message, with the texts that Citus 13
// and PostgreSQL 15 send.
func TestServerError_OfANode(t *testing.T) {
	for _, c := range []struct {
		code, message string
		unique, race  bool
		kind          faultKind
	}{
		{"XX000", `duplicate key value violates unique constraint "customer_external_id_unique_102014"`, true, true, 0},
		{"XX000", `duplicate key value violates unique constraint "lead_uuid_unique_102020"`, true, false, 0},
		{"XX000", "deadlock detected", false, false, conflict},
		{"XX000", "could not serialize access due to concurrent update", false, false, conflict},
		{"XX000", "canceling statement due to lock timeout", false, false, conflict},
		{"XX000", "cache lookup failed for type 5", false, false, 0},
		{"22021", `duplicate key value violates unique constraint "x"`, false, false, 0}, // a code goes before a text
	} {
		err := fmt.Errorf("commit: %w", &pgconn.PgError{Code: c.code, Message: c.message})
		if isUnique(err) != c.unique || isRace(err) != c.race || faultOf(err).kind != c.kind {
			t.Errorf("%s %s: unique %t, race %t, fault %v", c.code, c.message, isUnique(err), isRace(err), faultOf(err))
		}
	}
	if _, ok := serverError(fmt.Errorf("no server said so")); ok {
		t.Error("any error is the server's")
	}
}
