package faulttest_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// receiver takes events and writes down what it was told of, and when.
type receiver struct {
	*httptest.Server
	// answer answers an event that was read, and returns whether the answer was a 2xx; nil for 200 to all.
	answer func(w http.ResponseWriter, r *http.Request) (taken bool)

	mu     sync.Mutex
	bodies map[string]string       // by webhook-id
	taken  map[string]bool         // by webhook-id, whether it was answered with a 2xx
	told   map[subjectAt]time.Time // the last time
	wrong  []string
}

// subjectAt is a customer or a lead at a path of a receiver.
type subjectAt struct {
	path, about string
	id          int64
}

func makeReceiver() *receiver {
	return &receiver{bodies: map[string]string{}, taken: map[string]bool{}, told: map[subjectAt]time.Time{}}
}

// quietLog hears what a server of the library thinks of those who hang up.
func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	v := makeReceiver()
	v.Server = httptest.NewUnstartedServer(v)
	v.Config.ErrorLog = quietLog()
	v.Start()
	t.Cleanup(v.Close)
	return v
}

func (v *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender has died
	}
	taken := true
	if v.answer != nil {
		taken = v.answer(w, r)
	}
	if err := v.note(r, string(body), taken); err != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.wrong = append(v.wrong, err.Error())
	}
}

// note writes down an event.
func (v *receiver) note(r *http.Request, body string, taken bool) error {
	var e struct {
		Payload struct {
			CustomerIDs []string `json:"customerIds"`
			LeadIDs     []string `json:"leadIds"`
		} `json:"payload"`
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return fmt.Errorf("an event reads %s: %w", body, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	id := r.Header.Get("Webhook-Id")
	if before, again := v.bodies[id]; again && before != body || id == "" {
		return fmt.Errorf("webhook-id %q stands for\n%s\nand for\n%s", id, before, body)
	}
	v.bodies[id] = body
	v.taken[id] = v.taken[id] || taken
	if !taken {
		return nil
	}
	for about, ids := range map[string][]string{"customer": e.Payload.CustomerIDs, "lead": e.Payload.LeadIDs} {
		for _, text := range ids {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return err
			}
			v.told[subjectAt{r.URL.Path, about, n}] = time.Now()
		}
	}
	return nil
}

// toldOf returns when a path was last told of a subject.
func (v *receiver) toldOf(path, about string, id int64) (at time.Time, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	at, ok = v.told[subjectAt{path, about, id}]
	return at, ok
}

// faults returns what was wrong with what came.
func (v *receiver) faults() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.wrong
	v.wrong = nil
	return list
}
