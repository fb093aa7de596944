package postgres_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain ends with a look for goroutines that a store left behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// lessRapid makes the property checks of a test shorter: it is one that runs them a second time.
func lessRapid(t *testing.T) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	before := f.Value.String()
	if err := f.Value.Set("15"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(before) })
}
