package work_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"clientele/internal/work"
)

// TestSetBack_Looks: it acts at the beginning and when the clock was set back, each time twice, and again after a failure.
func TestSetBack_Looks(t *testing.T) {
	var wall time.Time
	var passed time.Duration
	var acted int
	var failure error
	began := time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)
	s := &work.SetBack{
		Now: func() time.Time { return wall }, Elapsed: func() time.Duration { return passed },
		Act: func(_ context.Context, now time.Time) error {
			if !now.Equal(wall) {
				t.Errorf("it acts with %s at %s", now, wall)
			}
			acted++
			return failure
		},
	}
	for _, step := range []struct {
		what     string
		ahead    time.Duration
		fails    bool
		wantActs int
	}{
		{"at the beginning", 0, false, 1},
		{"once more", 0, false, 1},
		{"running", 0, false, 0},
		{"set forward", 6 * time.Hour, false, 0},
		{"a little back", 6*time.Hour - time.Second, false, 0},
		{"set back, and it fails", time.Minute, true, 1},
		{"after a failure", time.Minute, false, 1},
		{"once more after that", time.Minute, false, 1},
		{"running on", time.Minute, false, 0},
		{"set back again", -time.Hour, false, 1},
		{"and further", -2 * time.Hour, false, 1},
		{"once more for both", -2 * time.Hour, false, 1},
		{"running again", -2 * time.Hour, false, 0},
	} {
		passed += 10 * time.Second
		wall, acted, failure = began.Add(passed+step.ahead), 0, nil
		if step.fails {
			failure = errors.New("the disk is full")
		}
		if again, err := s.Look(t.Context()); !errors.Is(err, failure) || again != 0 || acted != step.wantActs {
			t.Errorf("%s: it acts %d times, want %d; %s, %v", step.what, acted, step.wantActs, again, err)
		}
	}
}
