package faulttest_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"
)

// runsOfStage is after how many runs a stage is looked at as a whole and another takes its place, with the other number of
// servers.
const runsOfStage = 30

// TestFaults_PostgreSQL lets random faults happen between servers and PostgreSQL, and to both, under a mixed load of all
// dialects, and holds the book against the journal of what was acknowledged after each.
func TestFaults_PostgreSQL(t *testing.T) {
	random, count := faulttest.Seeded(t), faulttest.NewTally(t)
	cluster := pgtest.NewCluster(t, nil)
	runs := faulttest.InLongTests(6, 360)
	var slowest time.Duration
	happened := map[string]int{}
	var f *stage
	for n := range runs {
		if n%runsOfStage == 0 {
			f = newStage(t, random, cluster, 1+n/runsOfStage%2)
		}
		what := draw(random, faults())
		for _, w := range faults() {
			if w.name == os.Getenv("ONLY") {
				what = w
			}
		}
		recovery, wrong := f.run(what)
		t.Logf("run %d: %s; all works again after %s", n, what.name, recovery.Round(time.Millisecond))
		happened[what.name]++
		count.Try()
		slowest = max(slowest, recovery)
		if last := n == runs-1; last || n%runsOfStage == runsOfStage-1 {
			wrong = append(wrong, f.finish()...)
			t.Logf("%d calls, %d answers were 503; the slowest came after %s", f.load.sent.Load(), f.load.failed, f.load.worst)
		} else if n%10 == 9 {
			f.book.Run(t, "verify")
		}
		count.Violations(t, fmt.Sprintf("run %d, %s", n, what.name), wrong)
		if len(wrong) > 0 {
			return // what follows would say the same again
		}
	}
	t.Logf("recovery took %s at most; %v", slowest, happened)
}
