package faulttest_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
)

// attempted is a delivery with the times of its attempts, in microseconds.
type attempted struct {
	id, subscription string
	seq              int64
	begun, ended     []int64 // of its attempts, in order
}

// deliveries reads the deliveries and their attempts.
func (s *street) deliveries() []attempted {
	s.t.Helper()
	rows, err := s.ledger.db.Query(`SELECT d.id, d.subscription_id, d.seq, ` + s.micros("a.at") + `, a.duration
		FROM delivery AS d JOIN attempt AS a ON a.project_id = d.project_id AND a.delivery_id = d.id
		ORDER BY d.subscription_id, d.seq, a.number`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	var list []attempted
	for rows.Next() {
		var d attempted
		var at, took int64
		if err := rows.Scan(&d.id, &d.subscription, &d.seq, &at, &took); err != nil {
			s.t.Fatal(err)
		}
		if len(list) == 0 || list[len(list)-1].id != d.id {
			list = append(list, d)
		}
		last := &list[len(list)-1]
		last.begun, last.ended = append(last.begun, at), append(last.ended, at+took)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// clockGrain is how much two attempts may seem to overlap: one is measured by another clock than its beginning.
const clockGrain = 2000

// inOrder returns what is wrong with the order of attempts: a subscription has one at a time, and its deliveries are tried
// for the first time in their order.
func inOrder(list []attempted) (wrong []string) {
	type try struct{ begun, ended int64 }
	tries, first := map[string][]try{}, map[string]int64{}
	for _, d := range list { // in their order
		if d.begun[0] < first[d.subscription] {
			wrong = append(wrong, fmt.Sprintf("subscription %s: delivery %d was tried before the one before it", d.subscription, d.seq))
		}
		first[d.subscription] = d.begun[0]
		for i := range d.begun {
			tries[d.subscription] = append(tries[d.subscription], try{d.begun[i], d.ended[i]})
		}
	}
	for subscription, list := range tries {
		slices.SortFunc(list, func(a, b try) int { return cmp.Compare(a.begun, b.begun) })
		for i := 1; i < len(list); i++ {
			if list[i].begun+clockGrain < list[i-1].ended {
				wrong = append(wrong, fmt.Sprintf("subscription %s: two attempts at once, %d µs of one another", subscription, list[i-1].ended-list[i].begun))
			}
		}
	}
	return wrong
}

// TestInOrder_Tells: attempts that overlap, or come in another order, are seen.
func TestInOrder_Tells(t *testing.T) {
	at := func(seq int64, begun, ended []int64) attempted {
		return attempted{id: fmt.Sprint(seq), subscription: "s", seq: seq, begun: begun, ended: ended}
	}
	for what, c := range map[string]struct {
		list []attempted
		want int
	}{
		"one after the other": {[]attempted{at(1, []int64{0, 60_000}, []int64{9_000, 70_000}), at(2, []int64{10_000}, []int64{50_000})}, 0},
		"in another order":    {[]attempted{at(1, []int64{50_000}, []int64{60_000}), at(2, []int64{10_000}, []int64{20_000})}, 1},
		"two at once":         {[]attempted{at(1, []int64{0}, []int64{50_000}), at(2, []int64{10_000}, []int64{60_000})}, 1},
		"of two":              {[]attempted{at(1, []int64{0}, []int64{50_000}), {id: "2", subscription: "u", seq: 2, begun: []int64{1}, ended: []int64{2}}}, 0},
	} {
		if got := inOrder(c.list); len(got) != c.want {
			t.Errorf("%s: %v, want %d", what, got, c.want)
		}
	}
}
