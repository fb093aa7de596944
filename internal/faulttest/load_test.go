package faulttest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/faulttest"
)

// kind is what a call of the load is about.
type kind int

const (
	entry    kind = iota // OPM: a customer by its external id, which may be there
	register             // Onlinewerkrooster: a new customer
	lead                 // Prime Lead: a new lead
	report               // Prime Lead: a contract of a lead that is there
	create               // DKHardware: a submission that creates a customer
	update               // DKHardware: one that changes a customer
	read                 // Onlinewerkrooster: a customer that was acknowledged
)

// sent is one call of the load: what was sent, again and again under the same name until it was answered, and how it ended.
type sent struct {
	marker string // its X-Request-Id and its Idempotency-Key
	kind   kind
	key    string // external id
	status int    // of the answer that acknowledged it; 0 for none
	id     string // what that named: the customer, lead or submission
	begun  time.Time
}

// partner is one connection that calls one server.
type partner struct {
	n       int
	at      *atomic.Pointer[faulttest.Server]
	client  *http.Client
	random  *rand.Rand
	token   string
	journal []*sent

	customers []string // by our ids, of its own, known
	keys      []string // external ids of its own, acknowledged
	leads     []string
}

// sharedKeys is how many customers all partners write to.
const sharedKeys = 6

// load is what partners of all dialects send.
type load struct {
	book     *book
	partners []*partner
	sent     atomic.Int64
	answered []atomic.Int64 // acknowledgements, by server
	stopped  atomic.Bool
	all      sync.WaitGroup

	mu     sync.Mutex
	faults []string // what no fault of the network excuses
	failed int      // answers that were 503
	worst  time.Duration
	// mortal is set while a server may die, and calls may have no answer.
	mortal atomic.Bool
}

// newLoad returns so many partners, each of one of the servers.
func newLoad(t testing.TB, b *book, partners int, servers []*atomic.Pointer[faulttest.Server], random *rand.Rand) *load {
	t.Helper()
	l := &load{book: b, answered: make([]atomic.Int64, len(servers))}
	token := b.token(t, servers[0].Load())
	for n := range partners {
		l.partners = append(l.partners, &partner{
			n: n, at: servers[n%len(servers)], client: kept(), random: rand.New(rand.NewPCG(random.Uint64(), uint64(n))), token: token,
		})
	}
	t.Cleanup(l.stop)
	return l
}

// start lets the partners call until stop.
func (l *load) start() {
	l.stopped.Store(false)
	for _, p := range l.partners {
		l.all.Go(func() {
			for !l.stopped.Load() {
				l.callOn(p, p.next(fmt.Sprintf("p%d-n%d", p.n, l.sent.Add(1))))
				breathe(between(p.random, 0, 20*time.Millisecond))
			}
			p.client.CloseIdleConnections()
		})
	}
}

// stop lets each partner come to the end of its call.
func (l *load) stop() {
	l.stopped.Store(true)
	l.all.Wait()
}

// breathe is a partner's pause.
func breathe(d time.Duration) { <-time.After(d) }

// next chooses a call.
func (p *partner) next(marker string) *sent {
	s := &sent{marker: marker}
	switch n := p.random.IntN(20); {
	case n < 7:
		s.kind, s.key = entry, marker
		if p.random.IntN(3) == 0 {
			s.key = fmt.Sprint("shared-", p.random.IntN(sharedKeys))
		} else if len(p.keys) > 0 && p.random.IntN(2) == 0 {
			s.key = p.keys[p.random.IntN(len(p.keys))]
		}
	case n < 10:
		s.kind, s.key = register, numberOf(marker)
	case n < 12:
		s.kind = lead
	case n < 14 && len(p.leads) > 0:
		s.kind, s.id = report, p.leads[p.random.IntN(len(p.leads))]
	case n < 16:
		s.kind = create
	case n < 18 && len(p.customers) > 0:
		s.kind, s.id = update, p.customers[p.random.IntN(len(p.customers))]
	case len(p.keys) > 0:
		s.kind, s.key = read, p.keys[p.random.IntN(len(p.keys))]
	default:
		s.kind, s.key = entry, marker
	}
	return s
}

// numberOf makes a number of a marker, which no other has.
func numberOf(marker string) string {
	var p, n int
	if _, err := fmt.Sscanf(marker, "p%d-n%d", &p, &n); err != nil {
		panic(err)
	}
	return fmt.Sprint(n*1000 + p)
}

// callOf returns the call as it is sent.
func (l *load) callOf(p *partner, s *sent) call {
	b := l.book
	c := call{url: p.at.Load().URL, header: map[string]string{"X-Request-Id": s.marker, "Idempotency-Key": s.marker}}
	bearer := "Bearer " + p.token
	switch s.kind {
	case entry:
		c.url += "/entry"
		c.header["x-api-key"] = b.opm
		c.body = fmt.Sprintf(`{"customerId":"%s","customerEmail":"%s@example.com","customerPhone":"+12125550100"}`, s.key, s.marker)
	case register:
		c.url += "/api/customers"
		c.header["apikey"] = b.owr
		c.body = fmt.Sprintf(`{"extCustomerId":%s,"extCustomerNumber":"%s","name":"%s","enterpriseNumber":"BE0123456749","address":{"city":"Gent"}}`,
			s.key, s.key, s.marker)
	case lead:
		c.url += "/api/v1/actions/" + b.advertiser
		c.body = fmt.Sprintf(`{"campaignUuid":"%s","publisherUuid":"%s","actionCreatedAt":"2026-01-02 03:04:05"}`, b.campaign, b.publisher)
	case report:
		c.url += "/api/v1/actions/" + b.advertiser
		c.body = fmt.Sprintf(`{"actionUuid":"%s","customerType":"new","contract":"2026-02-03 04:05:06","contractNetValue":"%s.50"}`,
			s.id, numberOf(s.marker))
	case create:
		c.url += "/v1/customer/create"
		c.header["Authorization"] = bearer
		c.body = fmt.Sprintf(`{"firstName":"Some","lastName":"%s","email":"somebody@example.com"}`, s.marker)
	case update:
		c.url += "/v1/customer/update"
		c.header["Authorization"] = bearer
		c.body = fmt.Sprintf(`{"customerId":"%s","lastName":"%s"}`, s.id, s.marker)
	case read:
		c.url += "/api/customers?extCustomerId=" + s.key
		c.header = map[string]string{"apikey": b.owr}
	}
	return c
}

// lastWish is how long a call is repeated that stop finds without an answer.
const lastWish = 20 * time.Second

// callOn sends a call until it is answered, or, one in ten, until it has failed once.
func (l *load) callOn(p *partner, s *sent) {
	s.begun = time.Now()
	if s.kind != read {
		p.journal = append(p.journal, s)
	}
	givesUp := p.random.IntN(10) == 0
	var end time.Time
	for {
		began, at := time.Now(), p.at.Load()
		mortal := l.mortal.Load()
		a, err := send(p.client, l.callOf(p, s))
		took := time.Since(began)
		switch {
		case err != nil && (mortal || l.mortal.Load() || p.at.Load() != at) && took < maxAnswer: // the server died
		case err != nil:
			l.fault("%s: no answer after %s: %v", s.marker, took, err)
		case a.isRefusal(s.kind):
			l.refused()
		default:
			l.acknowledge(p, s, a)
			l.took(s, took)
			return
		}
		l.took(s, took)
		if now := time.Now(); end.IsZero() && l.stopped.Load() {
			end = now.Add(lastWish)
		} else if !end.IsZero() && now.After(end) {
			l.fault("%s: not answered for %s: %d %s, %v", s.marker, time.Since(s.begun), a.status, a.body, err)
			return
		}
		if givesUp {
			return
		}
		breathe(between(p.random, 5*time.Millisecond, 40*time.Millisecond))
	}
}

// took notes how long an answer took.
func (l *load) took(s *sent, took time.Duration) {
	if took > maxAnswer {
		l.fault("%s: answered after %s, want %s at most", s.marker, took, maxAnswer)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worst = max(l.worst, took)
}

func (l *load) refused() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed++
}

// failures returns how many answers were 503.
func (l *load) failures() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

func (l *load) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// acknowledge notes an answer that is none of a fault.
func (l *load) acknowledge(p *partner, s *sent, a answer) {
	wrong := func() { l.fault("%s, kind %d: answer %d %s", s.marker, s.kind, a.status, a.body) }
	if s.kind == entry && (a.status == http.StatusCreated || a.status == http.StatusAccepted) {
		s.status = a.status
		if !strings.HasPrefix(s.key, "shared-") {
			p.keys = append(p.keys, s.key)
		}
	} else if a.status != http.StatusOK {
		wrong()
		return
	}
	s.status = a.status
	switch s.kind {
	case register:
		id, ok := a.member("customerId").(float64)
		if !ok {
			wrong()
		}
		s.id = fmt.Sprintf("%.0f", id)
		p.keys, p.customers = append(p.keys, s.key), append(p.customers, s.id)
	case lead:
		s.id, _ = a.member("actionUuid").(string)
		p.leads = append(p.leads, s.id)
	case create, update:
		s.id, _ = a.member("submissionId").(string)
	case read:
		if strings.Count(a.body, `"customerId"`) != 1 {
			l.fault("customer %s, which was acknowledged, reads %s", s.key, a.body)
		}
	}
	if s.kind != entry && s.kind != read && s.kind != report && s.id == "" {
		wrong()
	}
	l.answered[p.n%len(l.answered)].Add(1)
}

// waitForMore waits until each server has acknowledged so many calls more.
func (l *load) waitForMore(t testing.TB, more int64) {
	t.Helper()
	for i := range l.answered {
		want := l.answered[i].Load() + more
		faulttest.Eventually(t, fmt.Sprintf("server %d acknowledges %d calls more", i, more), func() bool {
			return l.answered[i].Load() >= want
		})
	}
}
