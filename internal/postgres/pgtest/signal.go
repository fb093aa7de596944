package pgtest

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Pause stops every process of the cluster, so that it neither answers nor hangs up, until Resume.
func (c *Cluster) Pause(t testing.TB) { c.signal(t, syscall.SIGSTOP) }

// Resume lets a paused cluster go on.
func (c *Cluster) Resume(t testing.TB) { c.signal(t, syscall.SIGCONT) }

// Crash kills every process of the cluster at once, as a power cut would. It does not come back before Restart.
func (c *Cluster) Crash(t testing.TB) { c.signal(t, syscall.SIGKILL) }

// Quit shuts the cluster down at once, without a word to the clients. It does not come back before Restart.
func (c *Cluster) Quit(t testing.TB) {
	t.Helper()
	if err := syscall.Kill(c.server(t), syscall.SIGQUIT); err != nil {
		t.Fatalf("signal the server: %v", err)
	}
}

// KillBackend kills the process that serves one connection. The server then ends all of them and recovers.
func (c *Cluster) KillBackend(t testing.TB, pid int) {
	t.Helper()
	if slices.Contains(childrenOf(c.server(t)), pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
	}
}

// Restart starts a cluster that has died, or is about to, and returns when it takes connections.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	_, err := io.WriteString(c.end, "start\n")
	if err == nil {
		err = c.awaitReady()
	}
	if err != nil {
		t.Fatalf("start PostgreSQL again: %v", err)
	}
}

// server returns the process of the server itself.
func (c *Cluster) server(t testing.TB) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.Dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// signal sends a signal to the server and then to its children.
func (c *Cluster) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	server := c.server(t)
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
