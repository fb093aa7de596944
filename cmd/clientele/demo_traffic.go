package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"clientele"
)

// fillTraffic makes up the counts of the calls of the last week, so that the overview of the demo has something to show. They
// are the counts alone: nothing else of these calls is there.
func fillTraffic(ctx context.Context, s store, project int64, now time.Time) error {
	var counts []clientele.CallCount
	for _, span := range clientele.CallSpans {
		since := now.Add(-7 * 24 * time.Hour)
		if span == time.Minute {
			since = now.Add(-2 * time.Hour)
		}
		for at := since.Truncate(span); at.Before(now.Truncate(span)); at = at.Add(span) {
			counts = append(counts, madeUpCalls(span, at)...)
		}
	}
	for _, all := range []int64{0, project} {
		for i := range counts {
			counts[i].ProjectID = all
		}
		if err := s.AddCallCounts(ctx, counts); err != nil {
			return fmt.Errorf("make up traffic: %w", err)
		}
	}
	return nil
}

// madeUpCalls are the calls of one span of time: more by day than by night, each dialect with a share of its own.
func madeUpCalls(span time.Duration, at time.Time) []clientele.CallCount {
	random := rand.New(rand.NewPCG(uint64(at.Unix()), uint64(span)))
	daylight := 1 - 0.7*math.Cos(2*math.Pi*float64(at.Hour()*60+at.Minute())/(24*60))
	var list []clientele.CallCount
	for _, share := range []struct {
		dialect   clientele.Dialect
		outcome   clientele.CallOutcome
		perMinute float64
	}{
		{clientele.OPM, clientele.CallCreated, 6},
		{clientele.OPM, clientele.CallUpdated, 3},
		{clientele.OPM, clientele.CallRefused, 0.4},
		{clientele.Onlinewerkrooster, clientele.CallCreated, 2},
		{clientele.Onlinewerkrooster, clientele.CallRead, 3},
		{clientele.PrimeLead, clientele.CallCreated, 4},
		{clientele.PrimeLead, clientele.CallUpdated, 2},
		{clientele.DKHardware, clientele.CallRead, 2},
		{clientele.DKHardware, clientele.CallAccepted, 1},
	} {
		mean := share.perMinute * span.Minutes() * daylight
		calls := int64(mean + random.NormFloat64()*math.Sqrt(mean) + 0.5)
		if calls > 0 {
			list = append(list, clientele.CallCount{
				Span: span, At: at, Dialect: share.dialect, Outcome: share.outcome, Calls: calls,
			})
		}
	}
	return list
}
