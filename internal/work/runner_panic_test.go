package work

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// runs starts a runner whose nth call does what calls[n] does, lets a minute pass, and returns when each call was made and
// what was logged.
func runs(t *testing.T, calls ...func() (time.Duration, error)) (at []time.Duration, log string) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		var b bytes.Buffer
		start := time.Now()
		r := Start("test", time.Hour, slog.New(slog.NewJSONHandler(&b, nil)), func(context.Context) (time.Duration, error) {
			at = append(at, time.Since(start))
			if n := len(at); n <= len(calls) {
				return calls[n-1]()
			}
			return 0, nil
		})
		time.Sleep(time.Minute) // the bubble's clock
		r.Stop()
		log = b.String()
	})
	return at, log
}

// TestRunner_GoesOnAfterAFailure: what fails, or panics, is logged and tried again after a second.
func TestRunner_GoesOnAfterAFailure(t *testing.T) {
	for name, fail := range map[string]func() (time.Duration, error){
		"error": func() (time.Duration, error) { return 0, errors.New("the cause") },
		"panic": func() (time.Duration, error) { panic("the cause") },
	} {
		at, log := runs(t, fail)
		if len(at) != 2 || at[1] != retryAfter {
			t.Errorf("%s: called after %v, want at once and after %v", name, at, retryAfter)
		}
		if strings.Count(log, "\n") != 1 || !strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, "the cause") {
			t.Errorf("%s: logged %s", name, log)
		}
	}
}
