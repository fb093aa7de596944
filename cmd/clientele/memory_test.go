package main

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestMachineMemory(t *testing.T) {
	for text, want := range map[string]uint64{"max\n": 0, "": 0, "536870912\n": 512 << 20} {
		if got := parseLimit(text); got != want {
			t.Errorf("%q is a limit of %d", text, got)
		}
	}
	for _, c := range []struct{ a, b, want uint64 }{{0, 0, 0}, {0, 5, 5}, {5, 0, 5}, {7, 5, 5}, {5, 7, 5}} {
		if got := lesser(c.a, c.b); got != c.want {
			t.Errorf("the lesser of %d and %d is %d", c.a, c.b, got)
		}
	}
}

// TestUseMemory: a server sets how its heap grows, and leaves it as it was; the environment counts for more.
func TestUseMemory(t *testing.T) {
	settings := func() (percent int, limit int64) {
		percent = debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return percent, debug.SetMemoryLimit(-1)
	}
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	before, unlimited := settings()
	back := useMemory()
	percent, limit := settings()
	if of := machineMemory(); percent != collectAt || of > 0 && limit != int64(of/2) {
		t.Errorf("GC percent %d and a limit of %d on a machine with %d", percent, limit, of)
	}
	back()
	if percent, limit := settings(); percent != before || limit != unlimited || limit < math.MaxInt32 {
		t.Errorf("left GC percent %d and limit %d, were %d and %d", percent, limit, before, unlimited)
	}
	t.Setenv("GOGC", "50")
	t.Setenv("GOMEMLIMIT", "1GiB")
	useMemory()()
	if percent, limit := settings(); percent != before || limit != unlimited {
		t.Errorf("GC percent %d and limit %d, although the environment says something", percent, limit)
	}
}
