package sqlite

import (
	"context"
	"fmt"
	"math"

	"clientele"
)

// ListHistory returns a page of the history of one record, the newest first.
func (s *Store) ListHistory(ctx context.Context, q clientele.HistoryQuery) ([]clientele.Change, error) {
	if q.Before == 0 {
		q.Before = math.MaxInt64
	}
	list, err := s.changes(ctx, "SELECT seq, "+changeColumns+` FROM change
		WHERE project_id = ? AND subject = ? AND subject_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
		q.ProjectID, string(q.Subject), q.SubjectID, q.Before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list history of %s %d: %w", q.Subject, q.SubjectID, err)
	}
	return list, nil
}
