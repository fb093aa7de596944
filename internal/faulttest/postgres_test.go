package faulttest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele/internal/faulttest"
)

// runsOfStage is after how many runs a stage is looked at as a whole and another takes its place, with the other number of
// servers.
const runsOfStage = 30

// TestFaults_PostgreSQL lets random faults happen between servers and PostgreSQL, and to both, under a mixed load of all
// dialects, and holds the book against the journal of what was acknowledged after each. In the long mode each stage ends with
// a failover.
func TestFaults_PostgreSQL(t *testing.T) {
	random, count := faulttest.Seeded(t), faulttest.NewTally(t)
	runs, failsOver := faulttest.InLongTests(4, 360), faulttest.InLongTests(false, true)
	list := faults()
	if !failsOver { // the ordinary tests have no time for those that take long
		list = slices.DeleteFunc(list, func(f fault) bool { return f.long })
	}
	happened, took := map[string]int{}, map[string]time.Duration{}
	var f *stage
	for n := range runs {
		if n%runsOfStage == 0 {
			f = newStage(t, random, 1+n/runsOfStage%2)
		}
		what := draw(random, list)
		recovery, wrong := f.run(what)
		count.Try()
		t.Logf("run %d: %s; all works again after %s", n, what.name, recovery.Round(time.Millisecond))
		happened[what.name], took[what.name] = happened[what.name]+1, max(took[what.name], recovery)
		if last := n == runs-1; last || n%runsOfStage == runsOfStage-1 {
			if failsOver {
				count.Try()
				recovery, found := f.failOver()
				t.Logf("run %d: a failover; all works again after %s", n, recovery.Round(time.Millisecond))
				wrong = append(wrong, found...)
			}
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
	for name, n := range happened {
		t.Logf("%3d times %s; at most %s until all worked again", n, name, took[name].Round(time.Millisecond))
	}
}
