package main

import (
	"clientele"
	"clientele/internal/access"
	"context"
	"log/slog"
	"time"
)

// Duties that come round again.
const (
	recordUseEvery   = 30 * time.Second
	forgetCallsEvery = 10 * time.Minute
	forgetCallsLimit = 1000 // in one transaction
)

// startDuties records when credentials were used and forgets old calls, until the returned function is called.
func startDuties(ctx context.Context, log *slog.Logger, guard *access.Access, s store) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		use, calls := time.NewTicker(recordUseEvery), time.NewTicker(forgetCallsEvery)
		defer use.Stop()
		defer calls.Stop()
		for {
			var err error
			select {
			case <-ctx.Done():
				return
			case <-use.C:
				err = guard.RecordUse(ctx)
			case <-calls.C:
				err = forgetCalls(ctx, s)
			}
			if err != nil && ctx.Err() == nil {
				log.Error("duty failed", "cause", err.Error())
			}
		}
	}()
	return func() { cancel(); <-done }
}

func forgetCalls(ctx context.Context, s store) error {
	for {
		n, err := s.ForgetCalls(ctx, time.Now().Add(-clientele.MaxIdempotencyAge), forgetCallsLimit)
		if err != nil || n < forgetCallsLimit {
			return err
		}
	}
}
