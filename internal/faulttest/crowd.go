package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Write is one write of a partner: what was sent, and what was answered.
type Write struct {
	// ID is its X-Request-Id, which ends up in the record of the change, and its Idempotency-Key where it may be repeated.
	ID   string
	Kind Kind
	// Key names what it is about: a customer by its external id (Entry, Register) or ours (Update), a lead by its UUID
	// (Postback).
	Key string
	// Values are what its change must say, by the names in change records: values that no other write to the same record
	// states.
	Values map[string]string
	// Status is that of the answer; 0 when none came that promises anything: nobody knows whether the write took effect.
	Status int
	// Reference is what the answer named: the submission, the new customer or the new lead.
	Reference string
	// Repeated is whether it was sent again after its first answer was lost, so that it may stand later in the history.
	Repeated bool
	// Unsent is whether it cannot have been sent yet: see AsOf.
	Unsent bool
}

// Journal is what one connection sent, in order. It sends the next write when it knows about the last, or knows that it will
// never know.
type Journal []*Write

// Crowd is a number of partners' connections with a journal each.
type Crowd struct {
	Partners *Partners
	Journals []Journal
	name     string
	numbers  atomic.Int64 // external ids that were given out
	loads    int

	mu    sync.Mutex
	wrong []string
}

// NewCrowd returns a crowd of so many connections. Two crowds of one book have different names.
func NewCrowd(p *Partners, name string, connections int) *Crowd {
	return &Crowd{Partners: p, name: name, Journals: make([]Journal, connections)}
}

// Loss says what a connection does when no answer came, or one that promises nothing.
type Loss int

// The ways to go on.
const (
	// Leave ends the connection.
	Leave Loss = iota
	// Stay goes on with the next write, on a new connection.
	Stay
)

// Load says how a crowd sends.
type Load struct {
	// URLs are of the servers; each call goes to one of them.
	URLs []string
	// Random is the source of all choices.
	Random *rand.Rand
	// Calls is how many each connection sends; 0 is until the context is done, or all have left.
	Calls int
	// Loss says what follows on a lost answer.
	Loss Loss
	// Answered hears how many calls have been answered in this load, from the goroutines of the connections. It may be nil.
	Answered func(n int64)
	// Unavailable hears of answers that promise nothing (5xx). It may be nil.
	Unavailable func(*Unavailable)
	// Kinds are those that are sent; all when empty.
	Kinds []Kind
}

// Send sends from all connections at once and returns when each has ended. What is answered wrongly is told by Wrong.
func (c *Crowd) Send(ctx context.Context, l Load) {
	c.loads++
	var answered atomic.Int64
	var all sync.WaitGroup
	for i := range c.Journals {
		own := Branch(l.Random)
		all.Go(func() { c.connection(ctx, &l, own, i, &answered) })
	}
	all.Wait()
}

// connection is one connection's part of a load.
func (c *Crowd) connection(ctx context.Context, l *Load, random *rand.Rand, i int, answered *atomic.Int64) {
	client := kept()
	defer client.CloseIdleConnections()
	for n := 0; (l.Calls == 0 || n < l.Calls) && ctx.Err() == nil; n++ {
		w := c.next(l, random, i, fmt.Sprintf("%s-%d-%d-%d", c.name, c.loads, i, n))
		c.Journals[i] = append(c.Journals[i], w)
		wrong, err := c.Partners.deliver(client, l.URLs[random.IntN(len(l.URLs))], w)
		switch {
		case wrong != "":
			c.note(wrong)
		case err == nil:
			if n := answered.Add(1); l.Answered != nil {
				l.Answered(n)
			}
		case l.Loss == Leave:
			return
		default:
			l.lost(ctx, client, err)
		}
	}
}

// lost gives way a moment after an answer that was lost.
func (l *Load) lost(ctx context.Context, client *http.Client, err error) {
	var u *Unavailable
	if errors.As(err, &u) && l.Unavailable != nil {
		l.Unavailable(u)
	}
	client.CloseIdleConnections()
	select {
	case <-ctx.Done():
	case <-time.After(breather):
	}
}

func (c *Crowd) note(wrong string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, wrong)
}

// Wrong returns the answers that must not have been.
func (c *Crowd) Wrong() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrong)
}

// sharedKeys is how many customers all connections write to.
const sharedKeys = 6

// next chooses what connection i sends next.
func (c *Crowd) next(l *Load, random *rand.Rand, i int, id string) *Write {
	kinds := l.Kinds
	if len(kinds) == 0 {
		kinds = []Kind{Entry, Entry, Entry, Register, Create, Update, Update, Action, Click, Postback, Postback}
	}
	w := &Write{ID: id, Kind: kinds[random.IntN(len(kinds))]}
	switch w.Kind {
	case Update:
		c.aboutCustomer(w, random, i)
	case Postback:
		c.aboutLead(w, random, i)
	}
	switch w.Kind {
	case Entry:
		w.Key, w.Values = id, map[string]string{"first_name": id}
		if random.IntN(2) == 0 {
			w.Key = fmt.Sprintf("%s-shared-%d", c.name, random.IntN(sharedKeys))
		}
	case Register:
		w.Key, w.Values = fmt.Sprint(c.numbers.Add(1)), map[string]string{"company": id}
	case Create:
		w.Values = map[string]string{"last_name": id}
	case Click:
		w.Values = map[string]string{"sub1": id}
	}
	return w
}

// aboutCustomer makes w about a customer that the connection has registered; without one it registers.
func (c *Crowd) aboutCustomer(w *Write, random *rand.Rand, i int) {
	var known []string
	for _, before := range c.Journals[i] {
		if before.Kind == Register && before.Status != 0 {
			known = append(known, before.Reference)
		}
	}
	if len(known) == 0 {
		w.Kind = Register
		return
	}
	w.Key, w.Values = known[random.IntN(len(known))], map[string]string{"last_name": w.ID}
}

// aboutLead makes w report the next stage of a lead that the connection has registered; without one it registers. A stage
// after one that got no answer may be refused, so such a lead is left alone.
func (c *Crowd) aboutLead(w *Write, random *rand.Rand, i int) {
	reported, unsure := map[string]int{}, map[string]bool{}
	var leads []string
	for _, before := range c.Journals[i] {
		switch {
		case before.Kind == Action && before.Status != 0:
			leads = append(leads, before.Reference)
		case before.Kind == Postback:
			reported[before.Key]++
			unsure[before.Key] = unsure[before.Key] || before.Status == 0
		}
	}
	leads = slices.DeleteFunc(leads, func(uuid string) bool { return unsure[uuid] || reported[uuid] == len(stages()) })
	if len(leads) == 0 {
		w.Kind = Action
		return
	}
	w.Key = leads[random.IntN(len(leads))]
	w.Values = map[string]string{"stage": stages()[reported[w.Key]]}
}

// Resend sends every write again whose answer was lost, where it may be repeated, until each has its answer: whether it took
// effect before or not, it must have done so once.
func (c *Crowd) Resend(t testing.TB, url string) (resent int) {
	t.Helper()
	client := kept()
	defer client.CloseIdleConnections()
	for _, j := range c.Journals {
		for _, w := range j {
			if w.Status != 0 || w.Unsent || !w.Kind.isRepeatable() {
				continue
			}
			resent++
			w.Repeated = true
			Eventually(t, "a repeated write is answered", func() bool {
				wrong, err := c.Partners.deliver(client, url, w)
				if wrong != "" {
					t.Fatalf("sent again: %s", wrong)
				}
				return err == nil
			})
		}
	}
	return resent
}

// AsOf returns the crowd as it would know its book had it heard only the answers to the given writes, by their ids: the
// others are as if unanswered. Of those behind the last that a connection heard an answer to, it can have sent one.
func (c *Crowd) AsOf(answered map[string]bool) *Crowd {
	past := &Crowd{Partners: c.Partners, name: c.name, Journals: make([]Journal, len(c.Journals))}
	for i, j := range c.Journals {
		last := -1
		for n, w := range j {
			known := *w
			if answered[w.ID] {
				last = n
			} else {
				known.Status, known.Reference, known.Repeated = 0, "", false
			}
			past.Journals[i] = append(past.Journals[i], &known)
		}
		for n := last + 2; n < len(j); n++ {
			past.Journals[i][n].Unsent = true
		}
	}
	return past
}

// Acknowledged counts the writes that were acknowledged, and those sent.
func (c *Crowd) Acknowledged() (acknowledged, sent int) {
	for _, j := range c.Journals {
		for _, w := range j {
			if sent++; w.Status != 0 {
				acknowledged++
			}
		}
	}
	return acknowledged, sent
}
