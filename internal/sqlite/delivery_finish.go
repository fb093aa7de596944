package sqlite

import (
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"clientele"
)

const (
	attemptRow        = "project_id, delivery_id, number, at, duration, status_code, error_class, answer"
	numAttemptColumns = 8
)

// recordAttempts makes of deliveries what they are after another attempt, and keeps the attempts. A delivery that was
// forgotten meanwhile has none.
func (t *tx) recordAttempts(project int64, sent []clientele.SentDelivery) error {
	attempts := make([]any, 0, len(sent)*numAttemptColumns)
	for len(sent) > 0 {
		n := chunkOf(untilAgain(sent))
		numbers, err := t.countAttempts(project, sent[:n])
		if err != nil {
			return err
		}
		for i := range sent[:n] {
			if number, there := numbers[sent[i].DeliveryID]; there {
				attempts = appendAttempt(attempts, project, number, &sent[i])
			}
		}
		sent = sent[n:]
	}
	return t.insertRows("INSERT INTO attempt ("+attemptRow+")", "", numAttemptColumns, attempts)
}

const (
	anyErased = "SELECT EXISTS (SELECT 1 FROM erasure WHERE project_id = ?)"

	// toldOfErased selects, of some deliveries, those of events that told of people who were erased.
	toldOfErased = `SELECT d.id FROM delivery d JOIN event e ON e.seq = d.event_seq
		WHERE d.project_id = ?1 AND d.id IN (SELECT value FROM json_each(?2)) AND e.event_type = ?3 AND EXISTS
		(SELECT 1 FROM json_each(e.subject_ids) CROSS JOIN erasure x ON x.project_id = ?1 AND x.customer_id = json_each.value)`
)

// emptyAnswers drops what receivers said to events of people who were erased: it may be about them, and comes when their erasure has
// looked through the answers already.
func (t *tx) emptyAnswers(p *clientele.SentParcel) error {
	var some bool
	if err := t.one(anyErased, []any{p.ProjectID}, &some); err != nil || !some {
		return err
	}
	var answered []string
	for i := range p.Sent {
		if len(p.Sent[i].Attempt.Answer) > 0 {
			answered = append(answered, p.Sent[i].DeliveryID)
		}
	}
	list, err := json.Marshal(append([]string{}, answered...))
	if err != nil {
		return err
	}
	rows, err := t.query(toldOfErased, p.ProjectID, string(list), string(clientele.CustomerChanged))
	if err != nil {
		return err
	}
	return collect(rows, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		p.EmptyAnswers(id)
		return err
	})
}

// untilAgain returns how many come before a delivery stands there again, the largest chunk at most: a statement changes a row
// once.
func untilAgain(sent []clientele.SentDelivery) int {
	seen := make(map[string]bool, min(len(sent), chunkRows[0]))
	for i := range sent[:min(len(sent), chunkRows[0])] {
		if seen[sent[i].DeliveryID] {
			return i
		}
		seen[sent[i].DeliveryID] = true
	}
	return len(seen)
}

// countAttempts changes the deliveries, each of which stands there once, and returns the numbers of their attempts.
func (t *tx) countAttempts(project int64, sent []clientele.SentDelivery) (map[string]int, error) {
	args := make([]any, 0, len(sent)*numAfterColumns+1)
	for i := range sent {
		args = appendAfter(args, &sent[i])
	}
	rows, err := t.query(countAttemptsSQL(len(sent)), append(args, project)...)
	if err != nil {
		return nil, err
	}
	numbers := make(map[string]int, len(sent))
	return numbers, collect(rows, func(rows *sql.Rows) error {
		var id string
		var number int
		err := rows.Scan(&id, &number)
		numbers[id] = number
		return err
	})
}

// numAfterColumns is how many values say what an attempt makes of a delivery.
const numAfterColumns = 5

func appendAfter(args []any, sent *clientele.SentDelivery) []any {
	retries, due, finished := 0, sent.DueAt.UnixMicro(), any(nil)
	if sent.Status != clientele.DeliveryDelivered {
		retries = 1
	}
	if sent.Status != clientele.DeliveryDue {
		due, finished = sent.Attempt.At.UnixMicro(), sent.Attempt.At.Add(sent.Attempt.Duration).UnixMicro()
	}
	return append(args, sent.DeliveryID, retries, string(sent.Status), due, finished)
}

func countAttemptsSQL(rows int) string {
	values := strings.Join(slices.Repeat([]string{"(?,?,?,?,?)"}, rows), ",")
	return "WITH bound (id, retries, status, due_at, finished_at) AS (VALUES " + values + `)
		UPDATE delivery SET attempts = attempts + 1, retries = delivery.retries + bound.retries,
		status = CASE delivery.status WHEN 'delivered' THEN delivery.status ELSE bound.status END, due_at = bound.due_at,
		finished_at = CASE delivery.status WHEN 'delivered' THEN delivery.finished_at ELSE bound.finished_at END
		FROM bound WHERE delivery.project_id = ? AND delivery.id = bound.id RETURNING delivery.id, attempts`
}

func appendAttempt(rows []any, project int64, number int, sent *clientele.SentDelivery) []any {
	a := &sent.Attempt
	answer := a.Answer
	if answer == nil {
		answer = []byte{}
	}
	return append(rows, project, sent.DeliveryID, number, a.At.UnixMicro(), a.Duration.Microseconds(), a.StatusCode, a.ErrorClass, answer)
}
