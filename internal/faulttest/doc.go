// Package faulttest breaks what the program stands on, at random, and looks at what it left: the framework of the fault runs
// in docs/trust.md, for tests only.
//
// A run is: a seed, a fault, a load of random writes through all dialects of which a Crowd keeps journals, and then the
// invariants, which Found checks: nothing acknowledged lost, nothing doubled, each history in order and leading to the record,
// every job at its end. What is random comes from the seed alone; how concurrent calls interleave does not.
package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// The environment variables of the evidence: the seed that repeats the random choices of a test, and what makes tests run as
// long as they are meant to.
const (
	seedVariable = "CLIENTELE_TRUST_SEED"
	longVariable = "CLIENTELE_LONG_TESTS"
)

// Seeded returns the random source of a test and prints how to have it again.
func Seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv(seedVariable); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("%s=%d repeats the random choices of %s\n", seedVariable, seed, t.Name())
	return rand.New(rand.NewPCG(seed, 0))
}

// Branch returns a random source of its own, for one run or one connection: what others draw does not change what it draws.
func Branch(random *rand.Rand) *rand.Rand {
	return rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
}

// InLongTests returns long when CLIENTELE_LONG_TESTS is set, otherwise short.
func InLongTests[T any](short, long T) T {
	if os.Getenv(longVariable) != "" {
		return long
	}
	return short
}

// Tally counts what one case of the evidence tried, and what it found. Its methods may be called from any goroutine.
type Tally struct{ tries, violations atomic.Int64 }

// NewTally returns a tally that the test's end prints as the line of which scripts/trust makes its table.
func NewTally(t testing.TB) *Tally {
	t.Helper()
	c := &Tally{}
	t.Cleanup(func() {
		if t.Failed() && c.violations.Load() == 0 {
			c.violations.Add(1) // it did not come to its end
		}
		fmt.Printf("trust\t%s\t%d\t%d\n", t.Name(), c.tries.Load(), c.violations.Load())
	})
	return c
}

// Try counts one try.
func (c *Tally) Try() { c.tries.Add(1) }

// TryMany counts n tries.
func (c *Tally) TryMany(n int) { c.tries.Add(int64(n)) }

// Tries returns how many there were.
func (c *Tally) Tries() int64 { return c.tries.Load() }

// Violation notes one, and fails the test.
func (c *Tally) Violation(t testing.TB, format string, args ...any) {
	t.Helper()
	c.violations.Add(1)
	t.Errorf(format, args...)
}

// Violations notes each of them, found in what run says, and fails the test.
func (c *Tally) Violations(t testing.TB, run string, list []string) {
	t.Helper()
	c.violations.Add(int64(len(list)))
	for _, v := range list {
		t.Errorf("%s: %s", run, v)
	}
}
