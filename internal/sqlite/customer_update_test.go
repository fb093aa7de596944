package sqlite

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele"
)

// TestListPositions_Offset counts customers, whether places are left behind or not.
func TestListPositions_Offset(t *testing.T) {
	s, project := newStore(t)
	const count = 1000
	insert := func(query string, args ...any) {
		t.Helper()
		if _, err := s.write.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	insert(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
		INSERT INTO customer (id, project_id, external_id, flags, source, credential_id, version, created_at, updated_at)
		SELECT i, ?1, 'e' || i, 0, 'opm', 1, 1, i, i FROM n`, project, count)
	insert(restorePlaces)
	check := func(what string, first int64) {
		t.Helper()
		for offset := range count - 10 {
			got, err := s.ListPositions(t.Context(), clientele.CustomerQuery{ProjectID: project, Limit: 3, Offset: offset})
			var want []clientele.Position
			for i := range int64(3) {
				id := first + int64(offset) + i
				want = append(want, clientele.Position{At: time.UnixMicro(id).UTC(), ID: id})
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, offset %d: %v, %v; want %v", what, offset, got, err, want)
			}
		}
	}
	check("nobody was updated", 1)
	for i := range 5 { // the first five go to the end of the list, and leave their places behind
		mustCommit(t, s, upsert(project, fmt.Sprint("e", i+1), "ada@example.com"))
	}
	check("five were updated", 6)
	if _, _, err := s.SweepPlaces(t.Context(), project, clientele.Position{}, 100); err != nil {
		t.Fatal(err)
	}
	check("five were swept up", 6)
}
