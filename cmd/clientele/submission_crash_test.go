package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"

	"github.com/go-json-experiment/json"
)

const submissionConnections = 16

// crashBook is a book of either kind with a server to kill.
type crashBook struct {
	key     string // an OPM key into the project shop
	command func(args ...string) outcome
	start   func(args ...string) *server
	read    func() *bookRows
}

// onEachBook runs a test on a book of either kind.
func onEachBook(t *testing.T, test func(t *testing.T, b crashBook)) {
	t.Run("sqlite", func(t *testing.T) {
		dir, key := newBook(t)
		test(t, crashBook{
			key:     key,
			command: func(args ...string) outcome { return command(t, append(args, "--data-dir", dir)...) },
			start:   func(args ...string) *server { return startServer(t, dir, args...) },
			read:    func() *bookRows { return readBook(t, dir) },
		})
	})
	t.Run("postgres", func(t *testing.T) {
		d := newDatabase(t, pgtest.Empty(t))
		test(t, crashBook{
			key: d.key, command: d.command, start: d.start, read: func() *bookRows { return d.read(nil) },
		})
	})
}

// TestKill_SubmissionsTakeEffectOnce kills a server at random moments while submissions are accepted and carried out. In the
// end each accepted one has succeeded, its effect is there exactly once, and those about one customer came in order.
func TestKill_SubmissionsTakeEffectOnce(t *testing.T) {
	t.Parallel() // it waits for the disk
	onEachBook(t, killDuringSubmissions)
}

func killDuringSubmissions(t *testing.T, b crashBook) {
	p := newSubmitter(t, b)
	s := b.start()
	p.login(t, s)
	for i := range p.customers {
		id := p.submit(t, s, "create", fmt.Sprintf("first-%d", i), `"email":"somebody@example.com"`)
		p.customers[i] = p.await(t, s, id)
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	rounds := faulttest.InLongTests(6, 20)
	for round := range rounds {
		p.load(t, s, round, 1+random.Int64N(400), time.Duration(random.IntN(5000))*time.Microsecond)
		s = b.start()
	}
	accepted := 0
	for _, journal := range p.journals {
		for _, sub := range journal {
			if sub.id != "" {
				p.await(t, s, sub.id)
				accepted++
			}
		}
	}
	s.stop()
	p.holds(t, b.read())
	t.Logf("%d kills: %d submissions accepted", rounds, accepted)
	if accepted < rounds*submissionConnections {
		t.Errorf("%d submissions accepted: that is no load", accepted)
	}
}

// submitter is a DKHardware partner with a number of connections and a journal for each.
type submitter struct {
	clientID, secret string
	token            string
	customers        [submissionConnections]string // each connection's own, by our id
	journals         [submissionConnections][]*submitted
}

// submitted is one submission; its marker is its request id, and a value that no other has.
type submitted struct {
	marker string
	update bool
	id     string // "" when no answer came
}

func newSubmitter(t *testing.T, b crashBook) *submitter {
	t.Helper()
	v := b.command("key", "issue", "--project", "shop", "--dialect", "dkhardware", "--name", "Partner",
		"--reads-per-minute", "0", "--writes-per-minute", "0", "--json").object(t)
	credentials, _ := v["credentials"].(map[string]any)
	return &submitter{clientID: fmt.Sprint(credentials["client_id"]), secret: fmt.Sprint(credentials["client_secret"])}
}

func (p *submitter) login(t *testing.T, s *server) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {p.clientID}, "client_secret": {p.secret}}
	res, err := oneOff.PostForm(s.url+"/oauth/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.UnmarshalRead(res.Body, &answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %d %v", res.StatusCode, err)
	}
	p.token = answer.Token
}

// call returns a call of the partner.
func (p *submitter) call(s *server, path, marker, body string) request {
	return request{url: s.url + "/v1/customer/" + path, body: body, header: map[string]string{
		"Authorization": "Bearer " + p.token, "X-Request-Id": marker,
	}}
}

func (p *submitter) submit(t *testing.T, s *server, path, marker, more string) (id string) {
	t.Helper()
	a, err := send(p.call(s, path, marker, fmt.Sprintf(`{"firstName":"Some","lastName":"%s",%s}`, marker, more)))
	if err != nil {
		t.Fatal(err)
	}
	return submissionOf(t, a)
}

func submissionOf(t *testing.T, a answer) string {
	t.Helper()
	var v struct {
		ID string `json:"submissionId"`
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != http.StatusOK || v.ID == "" {
		t.Errorf("answer %d %s", a.status, a.body)
	}
	return v.ID
}

// await waits until a submission has succeeded and returns the customer.
func (p *submitter) await(t *testing.T, s *server, id string) (customer string) {
	t.Helper()
	eventually(t, 3*patience, "submission "+id+" ends", func() bool {
		a, err := send(p.call(s, "status", "", `{"submissionId":"`+id+`"}`))
		var v struct {
			Customer int64    `json:"customerId"`
			Status   string   `json:"status"`
			Errors   []string `json:"errors"`
		}
		if err != nil || json.Unmarshal([]byte(a.body), &v) != nil || v.Status == "Failed" {
			t.Fatalf("status of %s: %v %d %s", id, err, a.status, a.body)
		}
		customer = fmt.Sprint(v.Customer)
		return v.Status == "Succeeded"
	})
	return customer
}

// load submits from all connections at once until the server is killed: after a number of answers and a moment more.
func (p *submitter) load(t *testing.T, s *server, round int, answers int64, moment time.Duration) {
	t.Helper()
	var answered atomic.Int64
	var killed atomic.Bool
	var all sync.WaitGroup
	for i := range p.journals {
		client := kept(t)
		all.Go(func() {
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				sub := &submitted{marker: fmt.Sprintf("r%d-c%d-n%d", round, i, n), update: n%2 == 1}
				p.journals[i] = append(p.journals[i], sub)
				r := p.request(s, i, sub)
				r.client = client
				a, err := send(r)
				if err != nil {
					if !killed.Load() || os.IsTimeout(err) {
						t.Errorf("round %d, killed: %t: %v", round, killed.Load(), err)
					}
					return
				}
				if sub.id = submissionOf(t, a); sub.id == "" {
					return
				}
				if answered.Add(1) == answers {
					time.AfterFunc(moment, func() {
						killed.Store(true)
						_ = s.process.Process.Kill()
					})
				}
			}
		})
	}
	all.Wait()
	<-s.exited
}

func (p *submitter) request(s *server, connection int, sub *submitted) request {
	if sub.update {
		return p.call(s, "update", sub.marker,
			fmt.Sprintf(`{"customerId":"%s","lastName":"%s"}`, p.customers[connection], sub.marker))
	}
	return p.call(s, "create", sub.marker,
		fmt.Sprintf(`{"firstName":"Some","lastName":"%s","email":"somebody@example.com"}`, sub.marker))
}

// holds fails the test unless the book has the effect of each accepted submission once, of any other once or not at all,
// and the updates of each connection in the order in which they were sent.
func (p *submitter) holds(t *testing.T, b *bookRows) {
	t.Helper()
	effects := map[string]int{}
	var order [submissionConnections][]string
	for _, c := range b.changes {
		effects[c.requestID]++
		if c.action != "updated" {
			continue
		}
		var round, connection, n int
		if _, err := fmt.Sscanf(c.requestID, "r%d-c%d-n%d", &round, &connection, &n); err != nil {
			t.Fatalf("an update by %q", c.requestID)
		}
		order[connection] = append(order[connection], c.requestID)
	}
	for i, journal := range p.journals {
		var sent []string
		for _, sub := range journal {
			if n := effects[sub.marker]; n > 1 || n == 0 && sub.id != "" {
				t.Errorf("submission %s, accepted: %t, took effect %d times", sub.marker, sub.id != "", n)
			}
			if sub.update && effects[sub.marker] > 0 {
				sent = append(sent, sub.marker)
			}
		}
		if got, want := strings.Join(order[i], " "), strings.Join(sent, " "); got != want {
			t.Errorf("updates of connection %d took effect in the order\n%s\nwant\n%s", i, got, want)
		}
	}
}
