package main

import (
	"context"
	"errors"
	"time"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/traffic"
	"clientele/internal/webhook"
	"clientele/internal/work"
)

// How often the duties come round at the latest, when nobody signals.
const (
	askForTimeEvery         = 10 * time.Second
	lookAtClockEvery        = time.Second
	lookForSubmissionsEvery = time.Second // the safety net for a signal that another server could not send
	recordUseEvery          = 30 * time.Second
	forgetEvery             = 10 * time.Minute
	countLeadsEvery         = time.Second // how far the funnel lags behind
	followCustomersEvery    = time.Second // as the search of customers, while the server is not busy
	sweepPlacesEvery        = 5 * time.Second
	flushTrafficEvery       = 2 * time.Second // how old the console's numbers are at most
)

// forgetLimit is how many rows are forgotten in one transaction.
const forgetLimit = 1000

// longestWait is more than a delivery waits for its next try: that is a day at most.
const longestWait = 25 * time.Hour

// waitingAtOnce is how many transactions of submissions that wait are carried out together. While some wait, those that are accepted
// wait behind them: more have to be carried out than are accepted meanwhile, or a busy server would never be through.
const waitingAtOnce = 2

// startBackground starts what is carried out beside the requests. close stops it.
func (r *rooms) startBackground(ctx context.Context, c *config.Serve) error {
	exclusive := webhook.Alone
	if c.DatabaseURL != "" {
		exclusive = webhook.Shared
	}
	if err := r.followTime(ctx); err != nil {
		return err
	}
	if err := r.hooks.Start(ctx, exclusive); err != nil {
		return err
	}
	r.watchOthers()
	submissions := &work.Submissions{
		Store: r.store, Book: r.book, Commit: r.line, Now: r.clock.Now, Log: r.log, Batch: waitingAtOnce * c.MaxBatch,
	}
	if exclusive == webhook.Alone {
		if err := submissions.EndClaims(ctx); err != nil {
			return err
		}
	}
	carryOut := work.Start("submissions", lookForSubmissionsEvery, r.log, submissions.CarryOut)
	r.book.OnSubmit(carryOut.Signal)
	r.book.CarryOutAtOnce()
	r.background = append(r.background,
		carryOut,
		work.Start("clock that was set back", lookAtClockEvery, r.log, r.hastenDeliveries().Look),
		work.Start("use of credentials", recordUseEvery, r.log, func(ctx context.Context) (time.Duration, error) {
			return 0, r.guard.RecordUse(ctx)
		}),
		work.Start("counts of leads", countLeadsEvery, r.log, (&work.LeadCounts{Store: r.store}).Count),
		work.Start("search of customers", followCustomersEvery, r.log,
			(&work.CustomerTerms{Store: r.store, Waiting: r.line.Waiting, Now: r.now}).Follow),
		work.Start("list of customers by last update", sweepPlacesEvery, r.log, (&work.CustomerPlaces{Store: r.store}).Sweep),
		work.Start("traffic", flushTrafficEvery, r.log, func(ctx context.Context) (time.Duration, error) {
			return 0, r.traffic.Flush(ctx)
		}),
		work.Start("old customers", forgetEvery, r.log, r.eraseOldCustomers(c)),
		work.Start("retention", forgetEvery, r.log, r.forgetOld(c)),
	)
	return nil
}

// hastenDeliveries returns what makes deliveries due that a clock has left ahead when it was set back.
func (r *rooms) hastenDeliveries() *work.SetBack {
	return &work.SetBack{Now: r.clock.Now, Elapsed: r.leaps.Elapsed, Act: func(ctx context.Context, now time.Time) error {
		return r.store.HastenDeliveries(ctx, now, now.Add(longestWait))
	}}
}

// eraseOldCustomers returns the task that erases customers who are too old.
func (r *rooms) eraseOldCustomers(c *config.Serve) work.Task {
	return r.unlessLeapt((&work.OldCustomers{Store: r.store, Commit: r.line, Keep: c.KeepCustomers, Now: r.clock.Now}).Erase)
}

// forgetOld returns the task that deletes everything else that is too old.
func (r *rooms) forgetOld(c *config.Serve) work.Task {
	return r.unlessLeapt(func(ctx context.Context) (time.Duration, error) {
		return 0, errors.Join(r.forget(ctx, c), r.hooks.Forget(ctx))
	})
}

// unlessLeapt has a task rest while the clock is doubted.
func (r *rooms) unlessLeapt(task work.Task) work.Task {
	return func(ctx context.Context) (time.Duration, error) {
		if leap := r.leaps.Doubt(); leap > 0 {
			r.log.Warn("the clock leapt forward: nothing old is deleted until it is set right, or for a day", "leap", leap.String())
			return 0, nil
		}
		return task(ctx)
	}
}

// forget deletes what has been kept for as long as it is to be kept.
func (r *rooms) forget(ctx context.Context, c *config.Serve) error {
	var errs []error
	for _, f := range []struct {
		forget func(ctx context.Context, before time.Time, limit int) (int64, error)
		after  time.Duration
	}{
		{r.store.ForgetCalls, clientele.MaxIdempotencyAge},
		{r.store.ForgetSubmissions, c.KeepSubmissions},
		{r.store.ForgetVisitors, c.KeepVisitors},
		{r.store.ForgetSessions, 0},
		{r.store.ForgetAudit, c.KeepAudit},
		{r.store.ForgetCallCounts, traffic.KeepCounts},
		{r.store.ForgetRefusals, c.KeepRefusals},
		{r.store.ForgetErasureMarks, c.KeepErasureMarks},
	} {
		before := r.now().Add(-f.after)
		n, err := f.forget(ctx, before, forgetLimit)
		for err == nil && n == forgetLimit {
			n, err = f.forget(ctx, before, forgetLimit)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
