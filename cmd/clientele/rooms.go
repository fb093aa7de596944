package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/config"
	"clientele/internal/console"
	"clientele/internal/dialect/dkhardware"
	"clientele/internal/dialect/onlinewerkrooster"
	"clientele/internal/dialect/opm"
	"clientele/internal/dialect/primelead"
	"clientele/internal/httpd"
	"clientele/internal/intake"
	"clientele/internal/traffic"
	"clientele/internal/webhook"
	"clientele/internal/work"

	"github.com/google/uuid"
)

// rooms are the parts of a server, put together over one store.
type rooms struct {
	store   store
	log     *slog.Logger
	now     func() time.Time // the clock of the whole server
	line    *intake.Intake
	strain  *intake.Strain
	guard   *access.Access
	book    *book.Book
	leads   *book.Leads
	metrics *httpd.Metrics
	health  *httpd.Health
	apis    []api
	console *console.Console
	tls     *secured
	// clock is what claims and due times go by.
	clock *work.Clock
	// leaps watches the clocks that what is old is deleted by.
	leaps *work.LeapWatch
	// hooks sends events.
	hooks *webhook.Service
	// traffic watches the calls of partners.
	traffic *traffic.Traffic
	// background are the runners.
	background []*work.Runner
}

// furnish puts the rooms together, by the clock now. Nothing is carried out in the background before startBackground.
func furnish(c *config.Serve, s store, log *slog.Logger, now func() time.Time) *rooms {
	r := &rooms{store: s, log: log, now: now, health: &httpd.Health{Ping: readiness(s)}}
	r.metrics = httpd.NewMetrics(version, func() int { return r.line.Waiting() })
	r.strain = intake.NewStrain()
	r.metrics.ShowStrain(r.strain.IsHigh)
	r.traffic = traffic.New(s)
	r.metrics.CountUnkept(r.traffic.Dropped)
	r.line = intake.New(watchErased(s, log, r.metrics.Registry()), intake.Options{
		Lanes: lanes(c), MaxWaiting: c.MaxWaiting, MaxBatch: c.MaxBatch, OnCommit: r.committed, OneProject: c.Citus && c.DatabaseURL != "",
		Strain: r.strain,
	})
	r.guard = access.New(s, now)
	r.guard.AdmitBy(r.line.Admit)
	r.book = book.New(r.line, now)
	r.leads = book.NewLeads(r.book, s, uuid.NewString)
	r.clock = clockOf(s)
	r.clock.Local = now
	r.leaps = work.NewLeapWatch(func() time.Time { return later(now(), r.clock.Now()) })
	r.hooks = webhook.New(s, webhook.Options{
		Now: r.clock.Now, Log: log, Retention: c.KeepDeliveries, Doubted: func() bool { return r.leaps.Doubt() > 0 },
		Client: webhook.ClientOptions{AllowLoopbackHTTP: c.AllowLoopbackHTTP, ProxyURL: c.WebhookProxy},
	})
	watchHooks(r.metrics.Registry(), r.hooks)
	dkh := dkhardware.New(r.guard, access.NewTokens(r.guard, s, clientele.DKHardware), r.book, s)
	if c.OIDCIssuer != "" {
		dkh.Accept(access.NewOIDC(r.guard, clientele.DKHardware, c.OIDCIssuer, c.OIDCAudience))
	}
	visitors := primelead.Options{Now: now}
	if len(c.TrustedProxy) > 0 {
		visitors.VisitorIP = primelead.BehindProxies(c.TrustedProxy...)
	}
	r.apis = []api{
		opm.New(r.guard, r.book),
		onlinewerkrooster.New(r.guard, r.book, s),
		primelead.New(r.guard, r.leads, visitors),
		dkh,
		dkh.Subscriptions(r.hooks),
	}
	r.console = console.New(console.Options{
		Store:     s,
		Operators: access.NewOperators(s, now),
		Guard:     r.guard,
		Book:      r.book,
		Submitter: r.book,
		Hooks:     r.hooks,
		Log:       log,
		Now:       now,
		Version:   version,
		Traffic:   r.traffic,
		Waiting:   r.line.Waiting,
	})
	return r
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// committed hears of every transaction of the intake.
func (r *rooms) committed(writes int, took time.Duration, err error) {
	r.metrics.ObserveCommit(writes, took, err)
	r.traffic.ObserveCommit(r.now(), writes, took, err)
	if err == nil {
		r.hooks.Changed()
	}
}

// witness tells the traffic of a partner's call: what a dialect answered, and what nobody serves. The operator's own paths
// belong to no dialect.
func (r *rooms) witness(e httpd.Exchange) {
	if e.Info.Dialect == "" && e.Matched() {
		return
	}
	r.traffic.Observe(traffic.Call{
		At: e.At, Request: e.Request, Info: e.Info, Route: e.Route, Status: e.Status, Answer: e.Answer, AnswerBytes: e.AnswerBytes,
	})
}

// lanes returns how many transactions of writes run at once: SQLite has one writer.
func lanes(c *config.Serve) int {
	if c.DatabaseURL == "" {
		return 1
	}
	return c.Lanes
}

// lastTries is how much longer than the drain timeout the end may take: what is carried out in the background comes to a
// stop, and what the server remembers is written once more. A database that does not answer would hold that up for long.
const lastTries = 5 * time.Second

// close ends the rooms after the last request was answered: what is carried out in the background comes to a stop, what
// waits is committed, or given up when ctx is done, and all of it has ended lastTries later, or is left alone.
func (r *rooms) close(ctx context.Context) error {
	defer r.strain.Close()
	last, cancel := longer(ctx, lastTries)
	defer cancel()
	stops := make([]func() error, len(r.background))
	for i, b := range r.background {
		stops[i] = func() error { b.Stop(); return nil }
	}
	return errors.Join(
		allAtOnce(last, stops...),
		allAtOnce(
			last,
			func() error { return r.hooks.Stop(ctx) },
			func() error { return errors.Join(r.line.Close(ctx), r.traffic.Flush(last)) },
			func() error { return r.guard.RecordUse(last) },
			func() error { return r.guard.Close(last) },
		),
	)
}

// longer returns a context that is done so much later than ctx is by its deadline.
func longer(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now()
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline.Add(more))
}

// allAtOnce does everything side by side and returns the errors when it is through, or ctx's when that is done before.
func allAtOnce(ctx context.Context, all ...func() error) (err error) {
	ended := make(chan error, len(all))
	for _, do := range all {
		go func() { ended <- do() }()
	}
	for range all {
		select {
		case e := <-ended:
			err = errors.Join(err, e)
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
	return err
}
