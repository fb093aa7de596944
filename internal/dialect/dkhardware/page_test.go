package dkhardware_test

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/dialect/dialecttest"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// moment is n seconds after the beginning of the tests' time.
func moment(n int) time.Time { return time.Date(2026, time.November, 20, 10, 0, n, 0, time.UTC) }

// dated is a customer with the dates that lists go by.
type dated struct {
	id               int64
	created, updated time.Time
}

// TestList_PagesAreOneSortedList holds, for any set of customers, filters and page sizes, the pages put together against the
// whole list: by Link, and by offset.
func TestList_PagesAreOneSortedList(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		other, _ := s.project(t)
		s.commit(t, other, creation(moment(2), 0)) // is never seen
		rapid.Check(t, func(t *rapid.T) {
			project, token := s.project(t)
			customers := drawCustomers(t, s, project)
			q := drawQuery(t)
			want := q.of(customers)
			if got := s.walk(t, q.target(0), token); !slices.Equal(got, want) {
				t.Fatalf("%+v by Link: %v, want %v", q, got, want)
			}
			if got := byOffset(t, s, q, token); !slices.Equal(got, want) {
				t.Fatalf("%+v by offset: %v, want %v", q, got, want)
			}
		})
	})
}

// drawCustomers makes customers of which many have equal dates, and changes some.
func drawCustomers(t *rapid.T, s *shop, project int64) []dated {
	var changes []clientele.Write
	customers := make([]dated, rapid.IntRange(0, 12).Draw(t, "customers"))
	creations := times(len(customers), func(i int) clientele.Write {
		created := moment(rapid.IntRange(0, 5).Draw(t, "created")).Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "half")) * time.Second / 2)
		customers[i] = dated{created: created, updated: created}
		return creation(created, rapid.IntRange(0, 2).Draw(t, "addresses"))
	})
	for i, id := range s.commit(t, project, creations...) {
		c := &customers[i]
		c.id = id
		if later := rapid.IntRange(0, 3).Draw(t, "later"); later > 0 {
			c.updated = c.created.Add(time.Duration(later) * time.Second)
			changes = append(changes, s.change(c.updated, id))
		}
	}
	s.commit(t, project, changes...)
	return customers
}

// query is what is asked of a list.
type query struct {
	newest, byCreated bool
	limit, offset     int
	from, to          int // seconds of moment; -1 for no bound
}

func drawQuery(t *rapid.T) query {
	return query{
		newest: rapid.Bool().Draw(t, "newest"), byCreated: rapid.Bool().Draw(t, "byCreated"),
		limit: rapid.IntRange(1, 14).Draw(t, "limit"), offset: rapid.IntRange(0, 4).Draw(t, "offset"),
		from: rapid.IntRange(-1, 3).Draw(t, "from"), to: rapid.SampledFrom([]int{-1, 3, 5, 8}).Draw(t, "to"),
	}
}

// target returns the path and query of the list from more behind the offset on.
func (q query) target(more int) string {
	values := url.Values{
		"newest": {fmt.Sprint(q.newest)}, "basedOnCreatedDate": {fmt.Sprint(q.byCreated)}, "limit": {fmt.Sprint(q.limit)},
		"offset": {fmt.Sprint(q.offset + more)},
	}
	if q.from >= 0 {
		values.Set("from", moment(q.from).Format(time.RFC3339))
	}
	if q.to >= 0 {
		values.Set("to", moment(q.to).Format(time.RFC3339))
	}
	return "/v1/customer?" + values.Encode()
}

// of returns the ids of the customers that are asked for, in order.
func (q query) of(customers []dated) []string {
	date := func(c dated) time.Time {
		if q.byCreated {
			return c.created
		}
		return c.updated
	}
	var found []dated
	for _, c := range customers {
		second := date(c).Truncate(time.Second)
		if (q.from < 0 || !second.Before(moment(q.from))) && (q.to < 0 || !second.After(moment(q.to))) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b dated) int {
		order := cmp.Or(date(a).Compare(date(b)), cmp.Compare(a.id, b.id))
		if q.newest {
			return -order
		}
		return order
	})
	var ids []string
	for _, c := range found[min(q.offset, len(found)):] {
		ids = append(ids, strconv.FormatInt(c.id, 10))
	}
	return ids
}

// byOffset reads the pages by their offset, as a partner does that does not know Link.
func byOffset(t *rapid.T, s *shop, q query, token string) []string {
	var ids []string
	for {
		page, _ := s.list(t, q.target(len(ids)), token)
		if len(page.Payload) == 0 {
			return ids
		}
		for _, c := range page.Payload {
			ids = append(ids, c.CustomerID)
		}
	}
}

// TestList_WalkAmongChanges changes and creates customers between the pages of a walk: one that did not change is neither
// skipped nor repeated.
func TestList_WalkAmongChanges(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		rapid.Check(t, func(t *rapid.T) {
			project, token := s.project(t)
			still := map[string]int{} // how often each customer that did not change was seen
			customers := drawCustomers(t, s, project)
			for _, c := range customers {
				still[strconv.FormatInt(c.id, 10)] = 0
			}
			q := drawQuery(t)
			q.offset, q.from, q.to = 0, -1, -1
			for target := q.target(0); target != ""; {
				var page listed
				page, target = s.list(t, target, token)
				for _, c := range page.Payload {
					if _, ok := still[c.CustomerID]; ok {
						still[c.CustomerID]++
					}
				}
				disturb(t, s, project, customers, still)
			}
			for id, seen := range still {
				if seen != 1 {
					t.Fatalf("customer %s, which did not change, was seen %d times", id, seen)
				}
			}
		})
	})
}

// disturb changes a few customers, which then are not still any more, and creates one, at some time.
func disturb(t *rapid.T, s *shop, project int64, customers []dated, still map[string]int) {
	if len(customers) == 0 || !rapid.Bool().Draw(t, "disturb") {
		return
	}
	var writes []clientele.Write
	for range rapid.IntRange(0, 2).Draw(t, "changes") {
		c := rapid.SampledFrom(customers).Draw(t, "changed")
		writes = append(writes, s.change(moment(rapid.IntRange(0, 20).Draw(t, "changed at")), c.id))
		delete(still, strconv.FormatInt(c.id, 10))
	}
	s.commit(t, project, append(writes, creation(moment(rapid.IntRange(0, 20).Draw(t, "created at")), 0))...)
}

// TestList_WalkUnderLoad walks while another goroutine changes half of the customers all the time.
func TestList_WalkUnderLoad(t *testing.T) {
	const customers, limit = 120, 7
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		project, token := s.project(t)
		var moving []int64
		want := map[string]int{}
		creations := times(customers, func(i int) clientele.Write { return creation(moment(i/3), 1) })
		for i, id := range s.commit(t, project, creations...) {
			if i%2 == 0 {
				moving = append(moving, id)
			} else {
				want[strconv.FormatInt(id, 10)] = 1
			}
		}
		for _, newest := range []bool{true, false} {
			stop := make(chan struct{})
			var writer sync.WaitGroup
			writer.Go(func() {
				for i := 0; i < 20*customers; i++ { // enough for any walk, and an end in any case
					select {
					case <-stop:
						return
					default:
						s.commit(t, project, s.change(moment(1000+i), moving[i%len(moving)]))
					}
				}
			})
			got := map[string]int{}
			target := fmt.Sprintf("/v1/customer?limit=%d&newest=%t&to=%s", limit, newest, moment(100).Format(time.RFC3339))
			for _, id := range slices.Concat(s.pages(t, target, token)...) {
				if want[id] > 0 {
					got[id]++
				}
			}
			close(stop)
			writer.Wait()
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("customers that did not change, newest=%t (-want +got):\n%s", newest, diff)
			}
		}
	})
}
