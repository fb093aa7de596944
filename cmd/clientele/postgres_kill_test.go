package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres/pgtest"
)

// TestDatabase_Kill loads a server from many connections, kills it at a random moment, looks at what is in the database, and
// starts it again, several times over. Meanwhile another server of the book goes on: what the dead one left behind, such as
// locks, is in nobody's way. CRASH_SEED repeats a run's random choices.
func TestDatabase_Kill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CRASH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("CRASH_SEED=%d repeats the random choices of %s\n", seed, t.Name())
	random := rand.New(rand.NewPCG(seed, 0))
	rounds := faulttest.InLongTests(5, 25)
	d := newDatabase(t, pgtest.Empty(t))
	other := startLoad(t, d.key, 2, func(random *rand.Rand, n int64) string {
		return fmt.Sprint("shared-", random.IntN(sharedCustomers))
	}, d.start())
	c := &crowd{key: d.key, journals: make([]journal, crashConnections)}
	for round := range rounds {
		c.load(t, d.start(), round, random)
		other.waitForAnswers(t, patience, 2*sharedCustomers)
	}
	other.stop()
	for _, f := range other.failures {
		t.Errorf("the other server answered %d, %v", f.status, f.err)
	}
	other.servers[0].stop()
	b := d.read(nil)
	acknowledged := b.holds(t, append(c.journals, other.journals...))
	t.Logf("%d kills: %d writes acknowledged, %d sent, %d in the book, of %d customers",
		rounds, acknowledged, c.sent.Load()+other.sent.Load(), len(b.changes), len(b.customers))
	if unknown := int(c.sent.Load()+other.sent.Load()) - acknowledged; acknowledged < rounds*crashConnections || unknown < rounds {
		t.Errorf("%d writes acknowledged and %d left without an answer by %d kills: that is no load", acknowledged, unknown, rounds)
	}
}
