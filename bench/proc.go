//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of the times in /proc/PID/stat, the same on every Linux Go runs on.
const ticksPerSecond = 100

// cpuSeconds returns the processor time that a process has used so far, all threads, user and system (proc(5),
// fields 14 and 15 of stat).
func cpuSeconds(pid int) (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	return parseCPU(string(stat))
}

func parseCPU(stat string) (float64, error) {
	fields, err := statFields(stat)
	if err != nil {
		return 0, err
	}
	return sumTicks(fields[11:13])
}

// statFields are the fields of /proc/PID/stat from the third on.
func statFields(stat string) ([]string, error) {
	// The second field, the program's name, may hold blanks and parentheses: count from its end.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 15 {
		return nil, fmt.Errorf("parse processor time: %d fields after the name", len(fields))
	}
	return fields, nil
}

// familySeconds returns the processor time that a process and its children have used so far, also those that have ended
// (proc(5), fields 14 to 17 of stat).
func familySeconds(pid int) (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	fields, err := statFields(string(stat))
	if err != nil {
		return 0, err
	}
	all, err := sumTicks(fields[11:15])
	if err != nil {
		return 0, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	for text := range strings.FieldsSeq(string(children)) {
		child, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		if seconds, err := cpuSeconds(child); err == nil { // otherwise it has just ended and counts above next time
			all += seconds
		}
	}
	return all, nil
}

// busySeconds returns the processor time that everything on the machine has used so far, interrupts and what the
// hypervisor gave to others included (proc(5), first line of stat).
func busySeconds() (float64, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	return parseBusy(string(stat))
}

func parseBusy(stat string) (float64, error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, fmt.Errorf("parse processor time: %d fields", len(fields))
	}
	idle := []string{fields[4], fields[5]} // idle, iowait
	all, err := sumTicks(fields[1:9])
	if err != nil {
		return 0, err
	}
	unused, err := sumTicks(idle)
	return all - unused, err
}

// sumTicks adds up times, in seconds.
func sumTicks(fields []string) (float64, error) {
	var ticks uint64
	for _, field := range fields {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("parse processor time: %w", err)
		}
		ticks += n
	}
	return float64(ticks) / ticksPerSecond, nil
}

// residentBytes returns the resident memory of a process now (proc(5), VmRSS of status).
func residentBytes(pid int) (int64, error) { return memoryOf(pid, "VmRSS:") }

// peakBytes returns the most resident memory that a process has had (proc(5), VmHWM of status).
func peakBytes(pid int) (int64, error) { return memoryOf(pid, "VmHWM:") }

func memoryOf(pid int, name string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	return parseMemory(string(status), name)
}

func parseMemory(status, name string) (int64, error) {
	for line := range strings.Lines(status) {
		rest, found := strings.CutPrefix(line, name)
		if !found {
			continue
		}
		kibibytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("parse resident memory: %w", err)
		}
		return kibibytes << 10, nil
	}
	return 0, fmt.Errorf("parse resident memory: no %s", name)
}
