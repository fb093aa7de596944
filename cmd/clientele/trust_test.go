package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// trustSeed is the environment variable that repeats the random choices of a test that says so.
const trustSeed = "CLIENTELE_TRUST_SEED"

// seeded returns the random source of a test and prints how to have it again. What is left to chance beside it is what the
// machine does: the order in which concurrent requests arrive.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv(trustSeed); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("%s=%d repeats the random choices of %s\n", trustSeed, seed, t.Name())
	return rand.New(rand.NewPCG(seed, 0))
}

// tally counts what one case of the evidence tried, and what it found.
type tally struct{ tries, violations atomic.Int64 }

// newTally returns a tally that the test's end prints as the line of which scripts/trust makes its table.
func newTally(t testing.TB) *tally {
	t.Helper()
	c := &tally{}
	t.Cleanup(func() {
		if t.Failed() && c.violations.Load() == 0 {
			c.violations.Add(1) // it did not come to its end
		}
		fmt.Printf("trust\t%s\t%d\t%d\n", t.Name(), c.tries.Load(), c.violations.Load())
	})
	return c
}

// violation notes one, and fails the test.
func (c *tally) violation(t testing.TB, format string, args ...any) {
	t.Helper()
	c.violations.Add(1)
	t.Errorf(format, args...)
}

// believeLoopback makes a server believe tests about where a call comes from: who shows 60 unknown keys in a minute from one
// address is not heard any more (docs/decisions/0012), and that is not what they are about.
const believeLoopback = "--trusted-proxy=127.0.0.0/8"

// comesFrom says that a request comes from the nth of many addresses.
func comesFrom(r *http.Request, n int) {
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
}
