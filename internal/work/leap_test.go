package work_test

import (
	"testing"
	"time"

	"clientele/internal/work"
)

// TestLeapWatch_DoubtsForADay: a clock that leaps forward is doubted until it is set right, or has stood by it for a day.
// One that goes back, runs, or leaps for less than a day is not.
func TestLeapWatch_DoubtsForADay(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	wall := time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)
	var passed time.Duration
	w := work.NewLeapWatch(func() time.Time { return wall })
	w.Elapsed = func() time.Duration { return passed }
	for _, s := range []struct {
		what      string
		passes    time.Duration
		leap      time.Duration // what the clock is set forward by besides
		wantDoubt time.Duration
	}{
		{"at first", 0, 40 * day, 0},
		{"running for a week without a question", 7 * day, 0, 0},
		{"asleep for a day", 0, day, 0},
		{"asleep once more", hour, day, 0},
		{"three weeks ahead", 0, 21 * day, 21 * day},
		{"still so", 23 * hour, 0, 21 * day},
		{"set right", hour, -21 * day, 0},
		{"ahead again, a day after it was first", hour, 21 * day, 21 * day},
		{"set further", 12 * hour, 10 * day, 31 * day},
		{"a day later", 12 * hour, 0, 0},
		{"running on", 7 * day, 0, 0},
		{"set back", hour, -300 * day, 0},
		{"right again", hour, 300 * day, 300 * day},
		{"and believed after a day", day, 0, 0},
	} {
		passed += s.passes
		wall = wall.Add(s.passes + s.leap)
		if got := w.Doubt(); got != s.wantDoubt {
			t.Errorf("%s: doubted by %s, want %s", s.what, got, s.wantDoubt)
		}
	}
}
