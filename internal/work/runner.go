// Package work carries out what was accepted for later. The rows are the queue: something due is claimed with a lease,
// carried out, and finished in the transaction of its effects; a claim whose worker died ends by itself.
package work

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Runner calls a task whenever somebody signals that there is something to do, and now and then in case a signal was lost.
// It drains on Stop.
type Runner struct {
	name   string
	task   Task
	every  time.Duration
	log    *slog.Logger
	wake   chan struct{}
	cancel context.CancelFunc
	once   sync.Once
	ended  chan struct{}
}

// Task does what is due. It returns how long until it wants to be called again although nobody signals; 0 for the
// runner's own time.
type Task func(ctx context.Context) (again time.Duration, err error)

// AtOnce is what a task returns that left something to do.
const AtOnce time.Duration = 1

// retryAfter is how long a runner waits after a task failed.
const retryAfter = time.Second

// Start starts a runner of the task, which is called at once, after every signal, and after the time of every at the
// latest.
func Start(name string, every time.Duration, log *slog.Logger, task Task) *Runner {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Runner{
		name: name, task: task, every: every, log: log, cancel: cancel,
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	go r.run(ctx)
	return r
}

// Signal says that there is something to do. It never blocks.
func (r *Runner) Signal() {
	select {
	case r.wake <- struct{}{}:
	default: // a signal that was not heard yet covers this one
	}
}

// Stop cancels the task's context, waits until the task has returned, and ends the runner.
func (r *Runner) Stop() {
	r.once.Do(r.cancel)
	<-r.ended
}

func (r *Runner) run(ctx context.Context) {
	defer close(r.ended)
	for ctx.Err() == nil {
		again, err := r.doSafely(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Error("background work failed", "work", r.name, "cause", err.Error())
			again = retryAfter
		}
		if again <= 0 || again > r.every {
			again = r.every
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// doSafely calls the task. A panic is an error of this one call, not the end of the server.
func (r *Runner) doSafely(ctx context.Context) (again time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.task(ctx)
}
