package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"

	"github.com/anishathalye/porcupine"
	"github.com/go-json-experiment/json"
)

// How much is written to one customer, and by how many at once. A history is checked in time exponential in the number of
// calls at once and of those whose answer was lost.
const (
	linearConnections = 10
	linearCustomers   = 4  // in each round
	linearCalls       = 18 // of each connection in each round
)

// TestLinear_OneCustomerOneOrder: whatever many connections do to a customer at the same time, by three dialects, through one
// server or two, there is an order of the calls that explains every answer.
func TestLinear_OneCustomerOneOrder(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		dir, key := newBook(t)
		command := func(args ...string) outcome { return command(t, append(args, "--data-dir", dir)...) }
		newRecorder(t, crashBook{key: key, command: command}, startServer(t, dir)).run(t)
	})
	t.Run("postgres", func(t *testing.T) {
		d := newDatabase(t, pgtest.Empty(t))
		newRecorder(t, crashBook{key: d.key, command: d.command}, d.start()).run(t)
	})
	t.Run("postgres, two servers", func(t *testing.T) {
		d := newDatabase(t, pgtest.Empty(t))
		newRecorder(t, crashBook{key: d.key, command: d.command}, d.start(), d.start()).run(t)
	})
}

// recorder calls servers from many connections and writes down what it asked and was told, and when.
type recorder struct {
	servers []*server
	opm     string
	owr     string
	dkh     *submitter
	begun   time.Time
	ids     sync.Map // our ids by external id, once a list has told

	mu      sync.Mutex
	history []porcupine.Operation
	faults  []string
}

func newRecorder(t *testing.T, b crashBook, servers ...*server) *recorder {
	t.Helper()
	v := b.command("key", "issue", "--project", "shop", "--dialect", "onlinewerkrooster", "--name", "P", "--json").object(t)
	r := &recorder{servers: servers, opm: b.key, dkh: newSubmitter(t, b), begun: time.Now()}
	r.owr = fmt.Sprint(v["credentials"].(map[string]any)["apikey"])
	r.dkh.login(t, servers[0])
	return r
}

// run records and checks histories, round by round, each about new customers.
func (r *recorder) run(t *testing.T) {
	random, count := faulttest.Seeded(t), faulttest.NewTally(t)
	end, lost, broken, longest := time.Now().Add(faulttest.InLongTests(2*time.Second, 3*time.Minute)), 0, 0, 0
	for round := 1; time.Now().Before(end) || round == 1; round++ {
		history := r.record(t, random, round)
		count.TryMany(len(history))
		if wrong := linearizable(history); wrong != "" {
			count.Violation(t, "round %d: no order of the calls explains the answers: %s", round, wrong)
			return
		}
		for _, fault := range r.faults {
			count.Violation(t, "round %d: %s", round, fault)
		}
		broken += mutate(t, random, history)
		for _, o := range history {
			if o.Return == never {
				lost++
			}
		}
		longest = max(longest, len(history))
	}
	t.Logf("%d calls, %d answers lost, up to %d calls in a round", count.Tries(), lost, longest)
	if lost == 0 || broken == 0 {
		t.Errorf("%d answers were lost and %d histories broken on purpose: that was not tried", lost, broken)
	}
	for _, s := range r.servers {
		s.stop()
	}
}

// record returns what all connections did in a round.
func (r *recorder) record(t *testing.T, random *rand.Rand, round int) []porcupine.Operation {
	r.history, r.faults = nil, nil
	var all sync.WaitGroup
	for i := range linearConnections {
		own, client := rand.New(rand.NewPCG(random.Uint64(), uint64(i))), kept(t)
		all.Go(func() {
			defer client.CloseIdleConnections()
			for n := range linearCalls {
				c := nextCall(own, fmt.Sprintf("c%d-n%d", i, n))
				c.customer = fmt.Sprintf("%d%02d", round, 1+own.IntN(linearCustomers))
				r.call(caller{i, client, r.servers[own.IntN(len(r.servers))], own}, c)
			}
		})
	}
	all.Wait()
	return r.history
}

// nextCall chooses a call; its marker is a value that no other call writes.
func nextCall(random *rand.Rand, marker string) called {
	switch n := random.IntN(20); {
	case n < 6:
		c := called{kind: callEntry, first: marker}
		if random.IntN(3) == 0 {
			c.first, c.last = "", marker
		}
		return c
	case n < 8:
		return called{kind: callRegister, company: fmt.Sprint("Company ", random.IntN(2))}
	case n < 11:
		return called{kind: callUpdate, first: marker}
	case n < 14:
		return called{kind: callName}
	default:
		return called{kind: callShow}
	}
}

// caller is a connection to one of the servers.
type caller struct {
	connection int
	client     *http.Client
	server     *server
	random     *rand.Rand
}

// call carries out one call and writes it down. Reads without an answer tell nothing; nor does a read or an update of a
// customer that nobody has seen yet.
func (r *recorder) call(by caller, in called) {
	begin := time.Since(r.begun).Nanoseconds()
	out, answered, err := r.carryOut(by, in)
	end := time.Since(r.begun).Nanoseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.faults = append(r.faults, fmt.Sprintf("%+v: %v", in, err))
		return
	}
	if isRead := in.kind == callName || in.kind == callShow; !answered && isRead || out == (told{status: http.StatusNotFound}) {
		return
	}
	if !answered {
		end, out = never, told{}
	}
	r.history = append(r.history, porcupine.Operation{ClientId: by.connection, Input: in, Call: begin, Output: out, Return: end})
}

// carryOut returns what a call was told; answered is whether it was. The error is an answer that no order explains.
func (r *recorder) carryOut(by caller, in called) (out told, answered bool, err error) {
	id, known := r.ids.Load(in.customer)
	switch in.kind {
	case callEntry:
		return r.write(by, request{url: "/entry", key: r.opm, body: entryOf(in)}, http.StatusCreated, http.StatusAccepted)
	case callRegister:
		return r.write(by, request{url: "/api/customers", header: map[string]string{"apikey": r.owr}, body: fmt.Sprintf(
			`{"extCustomerId":%s,"extCustomerNumber":"N%s","name":"%s","enterpriseNumber":"BE0123456749","address":{"city":"Gent"}}`,
			in.customer, in.customer, in.company)}, http.StatusOK, http.StatusConflict)
	case callName:
		return r.readName(by, in)
	case callUpdate:
		if !known {
			return told{status: http.StatusNotFound}, true, nil
		}
		return r.update(by, in, id.(string))
	default:
		if !known {
			return told{status: http.StatusNotFound}, true, nil
		}
		return r.show(by, id.(string))
	}
}

func entryOf(in called) string {
	w := &write{values: values{"external_id": in.customer, "phone": "+12125550100"}}
	if in.first != "" {
		w.values["first_name"] = in.first
	}
	if in.last != "" {
		w.values["last_name"] = in.last
	}
	return w.body()
}

// write sends a write, and gives up now and then before the answer can be there. Errors of the server are lost answers, too:
// they promise nothing.
func (r *recorder) write(by caller, q request, expected ...int) (told, bool, error) {
	a, answered := r.send(by, q)
	if !answered || a.status >= http.StatusInternalServerError {
		return told{}, false, nil
	}
	for _, status := range expected {
		if a.status == status {
			return told{status: status}, true, nil
		}
	}
	return told{}, false, fmt.Errorf("answer %d %s", a.status, a.body)
}

func (r *recorder) send(by caller, q request) (answer, bool) {
	q.client, q.url = by.client, by.server.url+q.url
	if by.random.IntN(30) == 0 {
		impatient := *by.client
		impatient.Timeout = time.Duration(by.random.IntN(2500)) * time.Microsecond
		q.client = &impatient
	}
	a, err := send(q)
	return a, err == nil
}

func (r *recorder) readName(by caller, in called) (out told, answered bool, err error) {
	a, answered := r.send(by, request{url: "/api/customers?extCustomerId=" + in.customer, header: map[string]string{"apikey": r.owr}})
	if !answered || a.status >= http.StatusInternalServerError {
		return told{}, false, nil
	}
	var list []struct {
		ID   int64  `json:"customerId"`
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != http.StatusOK || len(list) > 1 {
		return told{}, false, fmt.Errorf("answer %d %s: %w", a.status, a.body, err)
	}
	out.status = a.status
	if len(list) == 1 {
		out.seen = person{There: true, Company: list[0].Name}
		r.ids.Store(in.customer, fmt.Sprint(list[0].ID))
	}
	return out, true, nil
}

func (r *recorder) show(by caller, id string) (out told, answered bool, err error) {
	a, answered := r.send(by, request{url: "/v1/customer/" + id, header: map[string]string{"Authorization": "Bearer " + r.dkh.token}})
	if !answered || a.status >= http.StatusInternalServerError {
		return told{}, false, nil
	}
	var shown struct {
		Payload struct{ FirstName, LastName, Company string }
	}
	if err := json.Unmarshal([]byte(a.body), &shown, json.MatchCaseInsensitiveNames(true)); err != nil || a.status != http.StatusOK {
		return told{}, false, fmt.Errorf("answer %d %s: %w", a.status, a.body, err)
	}
	p := shown.Payload
	return told{a.status, person{true, p.FirstName, p.LastName, p.Company}}, true, nil
}

// update submits an update and waits until it has been carried out: somewhere between lies its effect.
func (r *recorder) update(by caller, in called, id string) (out told, answered bool, err error) {
	q := r.dkh.call(by.server, "update", in.first, fmt.Sprintf(`{"customerId":"%s","firstName":"%s"}`, id, in.first))
	q.url = "/v1/customer/update"
	a, answered := r.send(by, q)
	if !answered || a.status >= http.StatusInternalServerError {
		return told{}, false, nil
	}
	var submitted struct {
		ID string `json:"submissionId"`
	}
	if err := json.Unmarshal([]byte(a.body), &submitted); err != nil || submitted.ID == "" {
		return told{}, false, fmt.Errorf("answer %d %s: %w", a.status, a.body, err)
	}
	return r.await(by, submitted.ID)
}

func (r *recorder) await(by caller, submission string) (told, bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	poll := time.NewTicker(3 * time.Millisecond)
	defer poll.Stop()
	for {
		a, err := send(r.dkh.call(by.server, "status", "", `{"submissionId":"`+submission+`"}`))
		var v struct {
			Status string `json:"status"`
		}
		if err == nil {
			err = json.Unmarshal([]byte(a.body), &v)
		}
		switch {
		case err != nil || v.Status == "Failed":
			return told{}, false, fmt.Errorf("submission %s: %d %s: %w", submission, a.status, a.body, err)
		case v.Status == "Succeeded":
			return told{status: http.StatusOK}, true, nil
		}
		select {
		case <-ctx.Done():
			return told{}, false, fmt.Errorf("submission %s is not carried out: %s", submission, a.body)
		case <-poll.C:
		}
	}
}

// mutate breaks the order of a history that is in order, and fails the test unless the checker sees it: what was read after
// an acknowledged write becomes what was there before it. It returns how many histories it broke.
func mutate(t *testing.T, random *rand.Rand, history []porcupine.Operation) int {
	t.Helper()
	var stale []int
	for i, read := range history {
		if read.Input.(called).kind == callShow && isAfterAWrite(history, read) {
			stale = append(stale, i)
		}
	}
	if len(stale) == 0 {
		return 0
	}
	broken := append([]porcupine.Operation(nil), history...)
	broken[stale[random.IntN(len(stale))]].Output = told{status: http.StatusOK}
	if linearizable(broken) == "" {
		t.Error("a read that misses an acknowledged write goes unseen")
	}
	return 1
}

// isAfterAWrite reports whether a read was sent after a write to its customer was acknowledged.
func isAfterAWrite(history []porcupine.Operation, read porcupine.Operation) bool {
	customer := read.Input.(called).customer
	for _, o := range history {
		in := o.Input.(called)
		if in.customer == customer && in.kind == callEntry && o.Return < read.Call {
			return true
		}
	}
	return false
}
