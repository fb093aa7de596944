package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
)

// What the server must keep to. Tests run under the race detector beside others, so they allow three times the start.
const (
	maxStart         = 150 * time.Millisecond
	startTolerance   = 3
	maxResidentBytes = 100 << 20
)

// TestServe_StartToFirstAnswer on an existing book.
func TestServe_StartToFirstAnswer(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	w := &writers{s: s, key: key, journals: make([]journal, 8)}
	if got := w.send(t, 100); got[201] != 800 {
		t.Fatalf("answers %v", got)
	}
	s.kill() // the next start has a log to recover from
	var took []time.Duration
	for range 5 {
		start := time.Now()
		s := launch(t, dir, program(nil, serveArgs(dir)...))
		var a answer
		eventually(t, patience, "the first answer", func() bool {
			found := servesLine.FindStringSubmatch(s.stdout.String())
			if found == nil {
				return false
			}
			var err error
			a, err = send(request{url: found[1] + "/ping", key: key})
			return err == nil
		})
		took = append(took, time.Since(start))
		a.wants(t, 200, pongBody)
		s.stop()
	}
	slices.Sort(took)
	fmt.Printf("start to first answer: median %s, worst %s (target %s)\n", took[2], took[4], maxStart)
	if took[2] > startTolerance*maxStart {
		t.Errorf("start to first answer takes %s, want at most %s", took[2], startTolerance*maxStart)
	}
}

// TestServe_ResidentMemory at 256 connections that create customers.
func TestServe_ResidentMemory(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	w := &writers{s: s, key: key, journals: make([]journal, 256)}
	if got := w.send(t, 25); got[201] != 256*25 {
		t.Fatalf("answers %v", got)
	}
	peak := statusBytes(t, s.process.Process.Pid, "VmHWM")
	fmt.Printf("resident memory at 256 connections: at most %.1f MiB (target %d MiB)\n", float64(peak)/(1<<20), maxResidentBytes>>20)
	if peak > maxResidentBytes {
		t.Errorf("the server took %d bytes of memory, want at most %d", peak, maxResidentBytes)
	}
	s.stop()
}

// statusBytes returns a figure of /proc/PID/status, in bytes.
func statusBytes(t testing.TB, pid int, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+) kB$`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("no %s in %s", name, text)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
