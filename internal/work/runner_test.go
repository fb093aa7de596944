package work_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/intake"
	"clientele/internal/work"
)

// diary notes when a task was called, in time since its start.
type diary struct {
	start time.Time
	mu    sync.Mutex
	calls []time.Duration
}

// note returns how many calls there were.
func (d *diary) note() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, time.Since(d.start))
	return len(d.calls)
}

func (d *diary) want(t *testing.T, what string, calls ...time.Duration) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.calls, calls) {
		t.Errorf("%s: called after %v, want %v", what, d.calls, calls)
	}
}

// wait lets d pass, and everything happen that then happens.
func wait(d time.Duration) {
	time.Sleep(d) // in the time of the bubble
	synctest.Wait()
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRunner_CallsAtOnceOnSignalsAndNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now()}
		r := work.Start("test", time.Minute, quiet(), func(context.Context) (time.Duration, error) {
			d.note()
			return 0, nil
		})
		defer r.Stop()
		synctest.Wait()
		d.want(t, "start", 0)
		wait(time.Second)
		r.Signal()
		synctest.Wait()
		d.want(t, "signal", 0, time.Second)
		wait(61 * time.Second)
		d.want(t, "no signal", 0, time.Second, 61*time.Second)
	})
}

func TestRunner_AgainWhenTheTaskSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now()}
		agains := []time.Duration{work.AtOnce, 5 * time.Second, time.Hour, 0}
		r := work.Start("test", time.Minute, quiet(), func(context.Context) (time.Duration, error) {
			d.note()
			again := agains[0]
			agains = agains[1:]
			return again, nil
		})
		defer r.Stop()
		wait(2 * time.Minute)
		// No longer than the runner's own time.
		d.want(t, "again", 0, 1, 5*time.Second+1, 65*time.Second+1)
	})
}

// TestRunner_NoSignalIsLost signals while the task runs: it is called once more, not once for each signal.
func TestRunner_NoSignalIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now()}
		r := work.Start("test", time.Hour, quiet(), func(context.Context) (time.Duration, error) {
			d.note()
			time.Sleep(time.Second)
			return 0, nil
		})
		defer r.Stop()
		synctest.Wait()
		for range 5 {
			r.Signal()
		}
		wait(10 * time.Second)
		d.want(t, "signals while it runs", 0, time.Second)
	})
}

func TestRunner_TriesAgainAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now()}
		var log bytes.Buffer
		r := work.Start("test", time.Minute, slog.New(slog.NewTextHandler(&log, nil)), func(context.Context) (time.Duration, error) {
			if d.note() < 3 {
				return 0, errors.New("the disk is gone")
			}
			return 0, nil
		})
		defer r.Stop()
		wait(10 * time.Second)
		d.want(t, "after errors", 0, time.Second, 2*time.Second)
		if got := strings.Count(log.String(), "the disk is gone"); got != 2 || !strings.Contains(log.String(), "work=test") {
			t.Errorf("log:\n%s", &log)
		}
	})
}

// TestRunner_Stop holds that stopping cancels the task, waits for it, and is no error to tell of; and that it may be called
// twice.
func TestRunner_Stop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ended := false
		r := work.Start("test", time.Minute, slog.New(slog.NewTextHandler(&log, nil)), func(ctx context.Context) (time.Duration, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // what is under way is finished
			ended = true
			return 0, ctx.Err()
		})
		synctest.Wait()
		r.Stop()
		if !ended {
			t.Error("stopped before the task ended")
		}
		r.Stop()
		r.Signal() // nobody hears it
		if log.Len() > 0 {
			t.Errorf("log:\n%s", &log)
		}
	})
}

// TestRunner_CarriesOutAtOnce goes from accepting to done, through the real store, intake, book and runner, in a time in which
// only timers take time: no timer stands between a submission and its effect.
func TestRunner_CarriesOutAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, intake.Options{})
		o.book = book.New(o.line, time.Now)
		w := o.worker()
		w.Book, w.Now = o.book, time.Now
		r := work.Start("submissions", time.Minute, quiet(), w.CarryOut)
		defer r.Stop()
		o.book.OnSubmit(r.Signal)
		for range 3 {
			wait(7 * time.Second) // idle
			id := o.create(t, "one")
			synctest.Wait()
			s := o.submission(t, id)
			if took := s.FinishedAt.Sub(s.AcceptedAt); s.Status != clientele.Succeeded || took > 250*time.Millisecond {
				t.Errorf("%s after %v", s.Status, took)
			}
		}
	})
}

// TestRunner_FindsWhatIsLeft holds that a runner which starts carries out what is there, without a signal.
func TestRunner_FindsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, intake.Options{})
		id := o.create(t, "one")
		r := work.Start("submissions", time.Minute, quiet(), o.worker().CarryOut)
		defer r.Stop()
		synctest.Wait()
		o.wantStatus(t, "after the start", clientele.Succeeded, id)
	})
}
