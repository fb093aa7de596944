// Package webhook tells subscribers of changes. Changes are gathered into events, an event is a delivery for each
// subscription, and a delivery is a POST that is repeated until the receiver takes it. Cursors, deliveries and attempts are
// rows of the book: what is not there yet is sent later, by whichever server comes first.
package webhook

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"clientele"
	"clientele/internal/work"

	"github.com/google/uuid"
)

// Options are the settings of the service. The zero value of each field means its default.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Doubted reports whether the clock has leapt so far forward that it may be wrong; default never. Meanwhile no subscription is
	// disabled for failing so long.
	Doubted func() bool
	// Jitter returns a number in [0, 1) that spreads retries; default random.
	Jitter func() float64
	// NewID returns the ids of new subscriptions and deliveries, each once; default UUIDs of version 7.
	NewID func() string
	// Log hears of each parcel; default: nobody.
	Log *slog.Logger
	// Client says how receivers are reached.
	Client ClientOptions
	// Window is the time from the oldest to the newest change that one event tells of, and how long an event waits for
	// further changes; default 1 s (rulings on the DKHardware document, Event).
	Window time.Duration
	// MaxIDs is how many records one event names at most; default 500 (ibid.).
	MaxIDs int
	// MaxInFlight is how many subscriptions are sent to at once; default 1,024. Those whose last attempt failed have no
	// more than half of it: however many receivers hang, there is room for the others.
	MaxInFlight int
	// MaxPerHost is how many subscriptions of one host and port are sent to at once; default 256.
	MaxPerHost int
	// Lease is how long a server that died keeps its subscriptions from the others; default 15 s. It is renewed while the
	// server lives.
	Lease time.Duration
	// Retention is how long events are kept for a disabled subscription; default 30 days.
	Retention time.Duration
}

// Defaults of Options.
const (
	defaultWindow      = time.Second
	defaultMaxIDs      = 500
	defaultMaxInFlight = 1024
	defaultMaxPerHost  = 256
	defaultLease       = 15 * time.Second
	DefaultRetention   = 30 * 24 * time.Hour
)

func (o *Options) fill() {
	fill(&o.Window, defaultWindow)
	fill(&o.MaxIDs, defaultMaxIDs)
	fill(&o.MaxInFlight, defaultMaxInFlight)
	fill(&o.MaxPerHost, defaultMaxPerHost)
	fill(&o.Lease, defaultLease)
	fill(&o.Retention, DefaultRetention)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Doubted == nil {
		o.Doubted = func() bool { return false }
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.NewID == nil {
		o.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

func fill[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Service knows subscriptions and deliveries, and sends what is due once it is started. Its methods may be called from any
// goroutine.
type Service struct {
	store   Store
	options Options
	client  *http.Client
	guard   *guard

	gatherer gatherer
	slots    slots
	finisher finisher
	counters counters
	lease    string

	carrying sync.WaitGroup // parcels under way
	cut      context.Context
	cutOff   context.CancelFunc // cuts requests under way
	last     context.Context    // what is recorded until the end
	giveUp   context.CancelFunc // ends recording

	started atomic.Bool
	runners [3]*work.Runner
}

// The runners of a service that was started.
const (
	gathering = iota
	delivering
	renewing
)

// New returns a service over the subscriptions of a store. It sends nothing before Start.
func New(store Store, o Options) *Service {
	o.fill()
	s := &Service{store: store, options: o, guard: newGuard(o.Client), lease: uuid.NewString()}
	s.client = newClient(o.Client, s.guard)
	s.gatherer.scanned, s.gatherer.readAtOnce = map[placeInBook]int64{}, defaultReadAtOnce
	s.slots.init(&s.options)
	s.cut, s.cutOff = context.WithCancel(context.Background())
	s.last, s.giveUp = context.WithCancel(context.Background())
	s.finisher.start(s)
	return s
}

// safetyNet is how long something due may lie when nobody signals it: changes made by another process.
const safetyNet = time.Second

// Start starts gathering and delivering. alone says that no other server serves the book: then claims of an earlier one
// that died are ended at once instead of when they run out.
func (s *Service) Start(ctx context.Context, exclusive Exclusive) error {
	if exclusive == Alone {
		if err := s.store.ReleaseDeliveries(ctx, ""); err != nil {
			return err
		}
	}
	log := s.options.Log
	s.runners[delivering] = work.Start("deliver events", safetyNet, log, s.Deliver)
	s.runners[renewing] = work.Start("renew delivery claims", s.options.Lease/3, log, s.renew)
	s.runners[gathering] = work.Start("gather events", safetyNet, log, s.Gather)
	s.started.Store(true)
	return nil
}

// Exclusive says whether other servers serve the same book.
type Exclusive uint8

// The values of Exclusive.
const (
	Shared Exclusive = iota
	Alone
)

// Changed says that something was committed. It never blocks and costs nothing while gathering is about to happen anyway.
func (s *Service) Changed() {
	if s.started.Load() && !s.gatherer.expecting.Swap(true) {
		s.runners[gathering].Signal()
	}
}

// wakeDelivering says that something is due or that there is room for more.
func (s *Service) wakeDelivering() {
	if s.started.Load() {
		s.runners[delivering].Signal()
	}
}

// lastTries is how long Stop tries to record what was sent and to give up claims, in a book that does not answer.
const lastTries = 4 * time.Second

// Stop ends gathering and claiming at once and waits for requests under way until ctx is done: then they are cut, and
// repeated by the next server. What was sent is recorded, and the claims are given up, or end by themselves.
func (s *Service) Stop(ctx context.Context) error {
	s.started.Store(false)
	for _, r := range []*work.Runner{s.runners[gathering], s.runners[delivering]} {
		if r != nil {
			r.Stop()
		}
	}
	stop := context.AfterFunc(ctx, s.cutOff)
	s.carrying.Wait()
	stop()
	s.cutOff()
	timer := time.AfterFunc(lastTries, s.giveUp)
	defer timer.Stop()
	defer s.giveUp()
	s.finisher.stop()
	if r := s.runners[renewing]; r != nil {
		r.Stop()
	}
	s.client.CloseIdleConnections()
	return s.store.ReleaseDeliveries(s.last, s.lease)
}

// claim returns a claim of this server that holds for a lease from now.
func (s *Service) claim() clientele.Claim {
	now := s.now()
	return clientele.Claim{Lease: s.lease, At: now, Until: now.Add(s.options.Lease)}
}

// renew renews the claims on what is being sent, and on nothing else: a claim of which this server never heard, because the
// connection was lost with the answer, has to run out.
func (s *Service) renew(ctx context.Context) (time.Duration, error) {
	held := s.slots.carried()
	if len(held) == 0 {
		return 0, nil
	}
	return 0, s.store.RenewDeliveries(ctx, s.claim(), held)
}

// now returns the time as the book keeps it.
func (s *Service) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }
