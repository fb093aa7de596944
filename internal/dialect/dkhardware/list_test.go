package dkhardware_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/dkhardware"

	"github.com/go-json-experiment/json"
)

// watchedShelf tells of each load of customers, and fails when it is told to.
type watchedShelf struct {
	dkhardware.Shelf
	onLoad func(ids []int64) error
	most   int // addresses that came of one load
}

// LoadCustomersWithin implements clientele.CustomerShelf.
func (s *watchedShelf) LoadCustomersWithin(ctx context.Context, project int64, ids []int64, addresses int) ([]clientele.Customer, error) {
	if err := s.onLoad(ids); err != nil {
		return nil, err
	}
	list, err := s.Shelf.LoadCustomersWithin(ctx, project, ids, addresses)
	loaded := 0
	for i := range list {
		loaded += len(list[i].Addresses)
	}
	s.most = max(s.most, loaded)
	return list, err
}

// watched returns a shop with a shelf that tells of loads, and its place.
func watched(t testing.TB, m dialecttest.StoreMaker) (*shop, *watchedShelf) {
	t.Helper()
	w := &watchedShelf{onLoad: func([]int64) error { return nil }}
	s := newShop(t, m, func(shelf dkhardware.Shelf) dkhardware.Shelf {
		w.Shelf = shelf
		return w
	})
	return s, w
}

// stepwise is an answer that tells of each piece as it is written.
type stepwise struct {
	http.ResponseWriter
	onWrite func(bytes int)
}

func (w *stepwise) Write(b []byte) (int, error) {
	w.onWrite(len(b))
	return w.ResponseWriter.Write(b)
}

// TestList_Streams reads 1,000 customers with addresses: they are loaded and written 250 at a time, so that no more of them
// is in memory, and come in order, each with its own addresses.
func TestList_Streams(t *testing.T) {
	const customers, chunk = 1000, 250
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s, shelf := watched(t, m)
		project, token := s.project(t)
		var want []string
		for _, id := range s.commit(t, project, times(customers, func(i int) clientele.Write { return creation(moment(i), i%4) })...) {
			want = append(want, strconv.FormatInt(id, 10))
		}
		var events []string
		shelf.onLoad = func(ids []int64) error {
			events = append(events, fmt.Sprintf("load %d", len(ids)))
			return nil
		}
		inner := s.handler
		s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(&stepwise{w, func(bytes int) {
				if bytes > 10 { // more than the end
					events = append(events, "write")
				}
			}}, r)
		})
		page, next := s.list(t, "/v1/customer?limit=1000&newest=false", token)
		var wantEvents []string
		for range customers / chunk {
			wantEvents = append(wantEvents, fmt.Sprintf("load %d", chunk), "write")
		}
		if next != "" || !slices.Equal(events, wantEvents) {
			t.Errorf("next %q, events %v, want %v", next, events, wantEvents)
		}
		var got []string
		for i, c := range page.Payload {
			got = append(got, c.CustomerID)
			if len(c.Addresses) != i%4 {
				t.Errorf("customer %d has %d addresses, want %d", i, len(c.Addresses), i%4)
			}
			for _, a := range c.Addresses {
				if a.CustomerID != c.CustomerID {
					t.Errorf("customer %s has an address of customer %s", c.CustomerID, a.CustomerID)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("customers out of order")
		}
	})
}

// TestList_LargeCustomersInSmallPieces reads customers with few addresses and then ones with as many as there can be: of these
// fewer are loaded at a time, and no piece of the answer has more than one over the bound.
func TestList_LargeCustomersInSmallPieces(t *testing.T) {
	const customers, addresses, maxLoaded, maxPiece = 110, 200, 1000, 256<<10 + 128<<10
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s, shelf := watched(t, m)
		project, token := s.project(t)
		s.commit(t, project, times(customers, func(i int) clientele.Write { return creation(moment(i), i/80*addresses) })...)
		largest := 0
		inner := s.handler
		s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(&stepwise{w, func(bytes int) { largest = max(largest, bytes) }}, r)
		})
		page, _ := s.list(t, "/v1/customer?limit=1000&newest=false", token)
		if len(page.Payload) != customers || shelf.most > maxLoaded || largest > maxPiece {
			t.Errorf("%d customers, up to %d addresses loaded and %d bytes written at a time, want %d, %d and %d", len(page.Payload),
				shelf.most, largest, customers, maxLoaded, maxPiece)
		}
		for i, c := range page.Payload {
			if len(c.Addresses) != i/80*addresses {
				t.Errorf("customer %d has %d addresses", i, len(c.Addresses))
			}
		}
	})
}

// TestList_BreaksOffWhenItFails holds that an answer which cannot be finished does not look whole, and that one which was not
// begun is an answer in the form of the document.
func TestList_BreaksOffWhenItFails(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s, shelf := watched(t, m)
		project, token := s.project(t)
		s.commit(t, project, times(600, func(i int) clientele.Write { return creation(moment(i), 0) })...)
		server := s.serve(t, io.Discard)
		for failAt, want := range []string{`{"status":503,"title":"System error.",`, `{"payload":[{"customerId":`, `{"payload":[{"customerId":`} {
			loads := 0
			shelf.onLoad = func([]int64) error {
				if loads++; loads > failAt {
					return clientele.Unavailable("The disk is gone", nil)
				}
				return nil
			}
			body, err := get(t, server.URL+"/v1/customer?limit=600", token)
			if !strings.HasPrefix(body, want) {
				t.Errorf("load %d fails: body starts with %.60q, want %q", failAt, body, want)
			}
			if begun := failAt > 0; begun != (err != nil) {
				t.Errorf("load %d fails: reading ends with %v", failAt, err)
			}
		}
	})
}

// get returns the body of an answer and how reading it ended.
func get(t *testing.T, target, token string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("X-Request-Id", "order-4711")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	return string(body), err
}

// TestList_ChangeWhileItIsRead changes a customer after the page was put together and before it was loaded: it shows the date
// that put it in its place, so that a partner which goes on from the greatest date it read misses nothing.
func TestList_ChangeWhileItIsRead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s, shelf := watched(t, m)
		project, token := s.project(t)
		first := s.commit(t, project, creation(moment(0), 0), creation(moment(1), 0))[0]
		shelf.onLoad = func([]int64) error {
			s.commit(t, project, s.change(moment(100), first))
			return nil
		}
		page, _ := s.list(t, "/v1/customer?newest=false", token)
		shelf.onLoad = func([]int64) error { return nil }
		again, _ := s.list(t, "/v1/customer?newest=false", token)
		want := []string{"2026-11-20T10:00:00 2026-11-20T10:00:01", "2026-11-20T10:00:01 2026-11-20T10:01:40"}
		if got := []string{page.dates(), again.dates()}; !slices.Equal(got, want) {
			t.Errorf("dates %q, want %q", got, want)
		}
	})
}

// dates returns the updated dates of a page.
func (l *listed) dates() string {
	var dates []string
	for _, c := range l.Payload {
		dates = append(dates, c.UpdatedAt)
	}
	return strings.Join(dates, " ")
}

// TestList_HeadLoadsNothing holds that HEAD answers with the headers of GET without reading a customer.
func TestList_HeadLoadsNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s, shelf := watched(t, m)
		project, token := s.project(t)
		s.commit(t, project, creation(moment(0), 0), creation(moment(1), 0))
		_, next := s.list(t, "/v1/customer?limit=1", token)
		shelf.onLoad = func([]int64) error {
			t.Error("HEAD loads customers")
			return nil
		}
		w := s.send(http.MethodHead, "/v1/customer?limit=1", token, "")
		if w.Code != http.StatusOK || w.Header().Get("Link") != "<"+next+`>; rel="next"` || w.Body.Len() > 0 {
			t.Errorf("HEAD: %d, Link %q, %d bytes", w.Code, w.Header().Get("Link"), w.Body.Len())
		}
	})
}

// TestList_AnyOffset holds that an offset which no number type holds is one behind the end.
func TestList_AnyOffset(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		project, token := s.project(t)
		s.commit(t, project, creation(moment(0), 0))
		for _, offset := range []string{"1", "2147483648", "9223372036854775807", "99999999999999999999999", "+1"} {
			if page, next := s.list(t, "/v1/customer?offset="+offset, token); len(page.Payload) > 0 || next != "" {
				t.Errorf("offset %s: %d customers, next %q", offset, len(page.Payload), next)
			}
		}
	})
}

// TestErrors_TraceIDFindsTheRequestInTheLog reads the trace id of an error and looks for it in the log.
func TestErrors_TraceIDFindsTheRequestInTheLog(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		_, token := s.project(t)
		var log bytes.Buffer
		server := s.serve(t, &log)
		text, err := get(t, server.URL+"/v1/customer/1", token)
		if err != nil {
			t.Fatal(err)
		}
		server.Close() // the line is written behind the answer
		var body struct {
			TraceID string `json:"traceId"`
		}
		if err := json.Unmarshal([]byte(text), &body); err != nil || len(body.TraceID) != 36 {
			t.Fatalf("%v in %s", err, text)
		}
		if want := fmt.Sprintf(`"trace_id":%q`, body.TraceID); !strings.Contains(log.String(), want) {
			t.Errorf("%s is not in the log:\n%s", want, &log)
		}
	})
}
