package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// collectAt lets the heap grow to three times of what is live, instead of two, before it is collected: a server has little that is live,
// and was seen to collect for a tenth of its processor time.
const collectAt = 200

// memoryShare is the part of the machine's memory that the heap grows to before it is collected more often, whatever is live.
const memoryShare = 0.5

// useMemory says how the heap grows while a server runs, unless GOGC and GOMEMLIMIT in the environment say so already. It returns what
// puts it back.
func useMemory() (back func()) {
	percent, limit := -1, int64(-1)
	if os.Getenv("GOGC") == "" {
		percent = debug.SetGCPercent(collectAt)
	}
	if of := machineMemory(); of > 0 && os.Getenv("GOMEMLIMIT") == "" {
		limit = debug.SetMemoryLimit(int64(memoryShare * float64(of)))
	}
	return func() {
		if percent >= 0 {
			debug.SetGCPercent(percent)
		}
		if limit >= 0 {
			debug.SetMemoryLimit(limit)
		}
	}
}

// cgroupLimits are the files in which Linux says how much memory a service or a container may have, of both versions of cgroups.
var cgroupLimits = [...]string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// machineMemory returns how much memory there is for this process, in bytes; 0 when nobody knows.
func machineMemory() uint64 {
	total := physicalMemory()
	for _, path := range cgroupLimits {
		if text, err := os.ReadFile(path); err == nil {
			total = lesser(total, parseLimit(string(text)))
		}
	}
	return total
}

// parseLimit returns the bytes that a file of a cgroup states; 0 for none.
func parseLimit(text string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0 // "max"
	}
	return n
}

// lesser returns the lesser of two limits, of which 0 is none.
func lesser(a, b uint64) uint64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
