package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// citusInternal is the code under which Citus passes on what a node said in answer to its COPY, by which it carries out
// INSERT … SELECT from arrays. The node's own code and the constraint are lost then; its message is there.
const citusInternal = "XX000"

// nodeMessages are the codes of what a node may say about a write, by how its message begins. A node of another language
// than English is not understood: see docs/scale.md.
var nodeMessages = []struct{ message, code string }{
	{`duplicate key value violates unique constraint "`, "23505"},
	{"deadlock detected", "40P01"},
	{"could not serialize access", "40001"},
	{"canceling statement due to lock timeout", "55P03"},
}

// serverError returns what the server said, when err comes of that, with the code and the constraint that a node named
// where Citus has kept them to itself.
func serverError(err error) (*pgconn.PgError, bool) {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || e.Code != citusInternal {
		return e, ok
	}
	for _, m := range nodeMessages {
		if rest, found := strings.CutPrefix(e.Message, m.message); found {
			said := *e
			said.Code = m.code
			if m.code == uniqueViolation {
				said.ConstraintName, _, _ = strings.Cut(rest, `"`)
			}
			return &said, true
		}
	}
	return e, true
}

// uniqueViolation is the code of a unique key that is taken already.
const uniqueViolation = "23505"
