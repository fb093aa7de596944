package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"clientele"
)

// The history of a record is a chain: the record names its last change, and each change names the one before (docs/decisions/0014).
// Changes without a previous are in no chain, but in an index. They are older than those of the record's chain.

// record names a record that has a history.
type record struct {
	subject clientele.Subject
	id      int64
}

// table returns where the records of a subject are.
func table(subject clientele.Subject) string {
	if subject == clientele.SubjectLead {
		return "lead"
	}
	return "customer"
}

// links are the numbers of the changes of a batch, and of the change before each.
type links struct{ seq, previous []int64 }

// link gives the changes of a batch their numbers, and notes the last of each record in t.last.
func (t *tx) link(changes []clientele.Change, ids *newIDs) links {
	l := links{make([]int64, len(changes)), make([]int64, len(changes))}
	for i := range changes {
		of := record{changes[i].Subject, changes[i].SubjectID}
		l.seq[i], l.previous[i] = ids.next("change"), t.last[of]
		t.note(of, l.seq[i])
	}
	return l
}

// note keeps which change of a record is its last.
func (t *tx) note(of record, seq int64) {
	if t.last == nil {
		t.last = map[record]int64{}
	}
	t.last[of] = seq
}

const (
	changeValues = "c.seq, c.project_id, c.subject, c.subject_id, c.action, c.new_values, c.dialect, c.credential_id, c.request_id, c.at"

	chainColumns = "seq, " + changeColumns

	unchained = " WHERE c.project_id = ?1 AND c.subject = ?2 AND c.subject_id = ?3 AND c.previous IS NULL"
)

// chainFrom begins a WITH of the table chain, whose first changes are selected by a FROM and WHERE with the alias c. It goes on
// for as long as a condition holds. That numbers fall ends it in a damaged book, too.
func chainFrom(first, while string) string {
	return "WITH RECURSIVE chain (" + chainColumns + ", previous) AS (SELECT " + changeValues + ", c.previous FROM " + first +
		" UNION ALL SELECT " + changeValues + ", c.previous FROM chain CROSS JOIN change AS c ON c.seq = chain.previous WHERE " + while + ") "
}

const toTheFirst = "c.seq < chain.seq"

// lastOf selects the last change of the record ?3 of the project ?1.
func lastOf(subject clientele.Subject) string {
	return table(subject) + " AS r CROSS JOIN change AS c ON c.seq = r.last_change WHERE r.project_id = ?1 AND r.id = ?3"
}

// wholeHistorySQL selects the changes of a record. Project, subject and id are bound.
func wholeHistorySQL(subject clientele.Subject) string {
	return chainFrom(lastOf(subject), toTheFirst) + "SELECT " + chainColumns + " FROM chain UNION ALL SELECT " + changeValues + " FROM change AS c" + unchained
}

// historyPageSQL selects the newest changes of a record below a number. Project, subject, id, the number and a limit are bound. The
// number is that of one of its changes as a rule: then the chain is entered behind it. The limit ends the walk along the chain.
func historyPageSQL(subject clientele.Subject) string {
	first := table(subject) + ` AS r CROSS JOIN change AS c ON c.seq = coalesce(
			(SELECT b.previous FROM change AS b WHERE b.seq = ?4 AND b.project_id = ?1 AND b.subject = ?2 AND b.subject_id = ?3), r.last_change)
		WHERE r.project_id = ?1 AND r.id = ?3`
	return chainFrom(first, toTheFirst) + "SELECT " + chainColumns + " FROM chain WHERE seq < ?4 UNION ALL SELECT * FROM (SELECT " + changeValues +
		" FROM change AS c" + unchained + " AND c.seq < ?4 ORDER BY c.seq DESC LIMIT ?5) LIMIT ?5"
}

// ListChanges returns the history of one record, oldest first.
func (s *Store) ListChanges(ctx context.Context, project int64, subject clientele.Subject, id int64) ([]clientele.Change, error) {
	list, err := s.changes(ctx, wholeHistorySQL(subject), project, string(subject), id)
	if err != nil {
		return nil, fmt.Errorf("list changes of %s %d: %w", subject, id, err)
	}
	clientele.SortChanges(list)
	return list, nil
}

// ListHistory returns a page of the history of one record, the newest first.
func (s *Store) ListHistory(ctx context.Context, q clientele.HistoryQuery) ([]clientele.Change, error) {
	before := cmp.Or(q.Before, math.MaxInt64)
	list, err := s.changes(ctx, historyPageSQL(q.Subject), q.ProjectID, string(q.Subject), q.SubjectID, before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list history of %s %d: %w", q.Subject, q.SubjectID, err)
	}
	slices.SortFunc(list, func(a, b clientele.Change) int { return cmp.Compare(b.Seq, a.Seq) })
	return list, nil
}

// leadHistoriesSQL selects the changes of the leads in a JSON array, up to a number. The leads, their project and the number are bound.
var leadHistoriesSQL = chainFrom(`json_each(?1) AS k CROSS JOIN lead AS r ON r.id = k.value AND r.project_id = ?2
		CROSS JOIN change AS c ON c.seq = r.last_change`, toTheFirst) +
	"SELECT " + chainColumns + " FROM chain WHERE seq <= ?3 UNION ALL SELECT " + changeValues +
	` FROM json_each(?1) AS k CROSS JOIN change AS c
	WHERE c.project_id = ?2 AND c.subject = 'lead' AND c.subject_id = k.value AND c.previous IS NULL AND c.seq <= ?3`

// ReadLeadHistories returns the changes of some leads of one project with a sequence up to upTo, in order of lead and sequence.
func (s *Store) ReadLeadHistories(ctx context.Context, project int64, leads []int64, upTo int64) ([]clientele.Change, error) {
	list, err := json.Marshal(leads)
	if err != nil {
		return nil, err
	}
	changes, err := s.changes(ctx, leadHistoriesSQL, string(list), project, upTo)
	if err != nil {
		return nil, fmt.Errorf("read histories of %d leads: %w", len(leads), err)
	}
	clientele.SortChanges(changes)
	return changes, nil
}

// inRange returns the records of a subject under an alias, as a range of ids is read: in order of the id, which for leads no index of
// a project has.
func inRange(subject clientele.Subject, alias string) string {
	if subject == clientele.SubjectLead {
		return table(subject) + " AS " + alias + inKeyOrder
	}
	return table(subject) + " AS " + alias
}

// changeRangeSQL returns what is to be selected from for the changes of the records of a project with ids between two numbers, and
// the arguments.
func changeRangeSQL(r *clientele.RowRange) (with, from string, args []any) {
	with = chainFrom(inRange(r.Subject, "r")+` CROSS JOIN change AS c ON c.seq = r.last_change
		WHERE r.project_id = ?1 AND r.id BETWEEN ?3 AND ?4`, toTheFirst)
	from = " FROM (SELECT " + chainColumns + " FROM chain UNION ALL SELECT " + changeValues + ` FROM change AS c
		WHERE c.project_id = ?1 AND c.subject = ?2 AND c.subject_id BETWEEN ?3 AND ?4 AND c.previous IS NULL)`
	return with, from, []any{r.Project, string(r.Subject), r.From, r.To}
}

// firstChangeSQL selects the lowest id of a record with a history in such a range: of all that are there, and of those that are not
// there any more.
func firstChangeSQL(subject clientele.Subject) string {
	return "SELECT min(id) FROM (SELECT * FROM (SELECT id FROM " + inRange(subject, "r") + ` WHERE project_id = ?1 AND id BETWEEN ?3 AND ?4 ORDER BY id LIMIT 1)
		UNION ALL SELECT * FROM (SELECT subject_id FROM change WHERE project_id = ?1 AND subject = ?2 AND subject_id BETWEEN ?3 AND ?4
		AND previous IS NULL ORDER BY subject_id LIMIT 1))`
}

// looseHistories selects the records with changes of the project ?1 that neither a record nor a later change names.
const looseHistories = `WITH loose (seq) AS (SELECT seq FROM change WHERE project_id = ?1 AND previous IS NOT NULL
		EXCEPT SELECT previous FROM change WHERE project_id = ?1
		EXCEPT SELECT last_change FROM customer WHERE project_id = ?1
		EXCEPT SELECT last_change FROM lead WHERE project_id = ?1)
	SELECT DISTINCT c.subject, c.subject_id, CASE c.subject
		WHEN 'lead' THEN NOT EXISTS (SELECT 1 FROM lead WHERE id = c.subject_id)
		ELSE NOT EXISTS (SELECT 1 FROM customer WHERE id = c.subject_id) END
	FROM loose CROSS JOIN change AS c ON c.seq = loose.seq ORDER BY c.subject, c.subject_id LIMIT ?2`

// ListLooseHistories returns records of a project with changes that their history does not lead to, at most limit. It reads all
// changes of the project.
func (s *Store) ListLooseHistories(ctx context.Context, project int64, limit int) ([]clientele.LooseHistory, error) {
	rows, err := s.read.QueryContext(ctx, looseHistories, project, limit)
	var list []clientele.LooseHistory
	if err == nil {
		err = collect(rows, func(rows *sql.Rows) error {
			var h clientele.LooseHistory
			err := rows.Scan(&h.Subject, &h.SubjectID, &h.Gone)
			list = append(list, h)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("loose histories of project %d: %w", project, classify(err))
	}
	return list, nil
}

// emptyHistory empties the history of a customer whose last change is ?4, and takes it out of its chain: the customer who names that
// is not there any more.
var emptyHistory = "UPDATE change SET new_values = '{}', previous = NULL WHERE seq IN (" +
	chainFrom("change AS c WHERE c.seq = ?4", toTheFirst) + "SELECT seq FROM chain UNION ALL SELECT c.seq FROM change AS c" + unchained + ")"
