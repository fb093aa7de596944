package pgtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Pause stops every process of the cluster, so that it neither answers nor hangs up, until Resume.
func (c *Cluster) Pause(t testing.TB) { c.signal(t, syscall.SIGSTOP) }

// Resume lets a paused cluster go on.
func (c *Cluster) Resume(t testing.TB) { c.signal(t, syscall.SIGCONT) }

// Crash kills every process of the cluster at once, as a power cut would. It does not come back.
func (c *Cluster) Crash(t testing.TB) { c.signal(t, syscall.SIGKILL) }

// signal sends a signal to the server and then to its children.
func (c *Cluster) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.Dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	server, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	// When it stops or dies, the server itself is first, so that it starts no others meanwhile.
	if err := syscall.Kill(server, sig); err != nil {
		t.Fatalf("signal the server: %v", err)
	}
	for _, pid := range childrenOf(server) {
		_ = syscall.Kill(pid, sig) // it may have ended by itself
	}
}

// childrenOf returns the processes that a process has started and that still run.
func childrenOf(parent int) (list []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent …: the name may hold anything, brackets included.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			list = append(list, pid)
		}
	}
	return list
}
