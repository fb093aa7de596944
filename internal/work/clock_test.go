package work

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestClock_IsTheBooks: the time is that of the book, however the machine's clock stands; an answer that does not come, or
// comes late, changes nothing.
func TestClock_IsTheBooks(t *testing.T) {
	book := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	local := book.Add(time.Hour)
	var took time.Duration
	var failure error
	c := &Clock{
		Local: func() time.Time { return local },
		Ask: func(context.Context) (time.Time, error) {
			local = local.Add(took)
			return book, failure
		},
	}
	want := func(what string, at time.Time) {
		t.Helper()
		if got := c.Now(); !got.Equal(at) {
			t.Errorf("%s: %s, want %s", what, got, at)
		}
	}
	follow := func(want error) {
		t.Helper()
		if _, err := c.Follow(t.Context()); !errors.Is(err, want) {
			t.Errorf("Follow: %v, want %v", err, want)
		}
	}
	want("before the first answer", local)
	took = 2 * time.Second
	follow(nil)
	want("after a first answer that took long", book.Add(time.Second))
	took = 0
	follow(nil)
	want("after one that did not", book)
	local = local.Add(time.Minute)
	want("a minute later", book.Add(time.Minute))
	book = book.Add(61 * time.Second)
	follow(nil)
	want("corrected", book)
	failure = errors.New("nobody answers")
	follow(failure)
	want("without an answer", book)
	failure, took = nil, 3*time.Second
	follow(nil)
	want("after a late answer", book.Add(3*time.Second))
}
