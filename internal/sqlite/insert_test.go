package sqlite

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestInsertRows_EachFormKeepsTheRows inserts random rows, in which columns are empty, the same or different, and reads them
// again: what is left out or bound once must not show.
func TestInsertRows_EachFormKeepsTheRows(t *testing.T) {
	s, _ := newStore(t)
	if _, err := s.write.ExecContext(t.Context(), "CREATE TABLE tried (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c INTEGER, d TEXT)"); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	want := map[int64][]any{}
	for round := range 60 {
		var values []any
		for range random.IntN(150) {
			id := int64(random.IntN(400))
			row := []any{id, randomValue(random, round&1), randomValue(random, round>>1&1), randomNumber(random, round>>2&1), randomValue(random, round>>3&1)}
			if _, twice := want[id]; twice && round%2 == 0 {
				continue
			}
			want[id] = row[1:]
			values = append(values, row...)
		}
		tail := ""
		if round%2 == 1 {
			tail = " ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b, c = excluded.c, d = excluded.d"
		}
		if err := s.transact(t.Context(), func(tx *tx) error { return tx.insertRows("INSERT INTO tried (id, a, b, c, d)", tail, 5, values) }); err != nil {
			t.Fatal(err)
		}
	}
	if got := triedRows(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows differ from the %d that were inserted", len(got), len(want))
	}
	for kind, in := range s.inserts {
		if len(in.forms) < 4 || len(in.forms) > maxShapes+len(chunkRows) {
			t.Errorf("%d statements for %q %q", len(in.forms), kind.head, kind.tail)
		}
	}
	for i, left := range s.args.all {
		if left.Value != nil {
			t.Fatalf("argument %d is still %v", i, left.Value)
		}
	}
}

// randomValue returns a text or none: with mode 0 nearly always the same one.
func randomValue(random *rand.Rand, mode int) any {
	switch n := random.IntN(40); {
	case mode == 0 && n > 0:
		return "the same"
	case n < 10:
		return nil
	default:
		return fmt.Sprint("text ", n)
	}
}

func randomNumber(random *rand.Rand, mode int) any {
	if mode == 0 {
		return nil
	}
	return int64(random.IntN(3))
}

func triedRows(t *testing.T, s *Store) map[int64][]any {
	t.Helper()
	rows, err := s.write.QueryContext(t.Context(), "SELECT id, a, b, c, d FROM tried")
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64][]any{}
	err = collect(rows, func(r *sql.Rows) error {
		var id int64
		row := make([]any, 4)
		err := r.Scan(&id, &row[0], &row[1], &row[2], &row[3])
		got[id] = row
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
