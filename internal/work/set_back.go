package work

import (
	"context"
	"time"
)

// minSetBack is from when on a clock counts as set back: what two questions take between them is less.
const minSetBack = time.Second

// SetBack acts when a clock was set back, and at the beginning, since nobody knows what happened before. What is planned for a time
// that has come by the old clock may be far ahead by the new one.
type SetBack struct {
	// Now is the clock.
	Now func() time.Time
	// Elapsed is how much time has passed, whatever the clock was set to meanwhile.
	Elapsed func() time.Duration
	// Act is called with the time.
	Act func(ctx context.Context, now time.Time) error

	// It is used by one goroutine at a time.
	start time.Time // what the clock says of when Elapsed was 0
	due   bool
}

// Look acts if there is reason to, and at the next call once more, for who looked at the clock just before; it is a Task.
func (s *SetBack) Look(ctx context.Context) (again time.Duration, err error) {
	now := s.Now().Round(0)
	start := now.Add(-s.Elapsed())
	isBack := s.start.IsZero() || s.start.Sub(start) > minSetBack
	if !isBack && !s.due {
		s.start = start
		return 0, nil
	}
	if err := s.Act(ctx, now.UTC().Truncate(time.Microsecond)); err != nil {
		return 0, err
	}
	s.start, s.due = start, isBack
	return 0, nil
}
