package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// ioFault is a system call that fails. It begins to when a thread has made it a number of times, at least least: the start of the
// server needs some.
type ioFault struct {
	calls, err  string
	least, most int
}

func ioFaults() []ioFault {
	return []ioFault{
		{"fsync,fdatasync", "EIO", 10, 10},
		{"pwrite64", "EIO", 80, 80},
		{"pwrite64", "ENOSPC", 80, 80},
		{"pread64", "EIO", 60, 10},
	}
}

// inject draws when the fault begins and which calls fail from then on, all or every so many, and returns strace's words for that.
func (f ioFault) inject(random *rand.Rand) []string {
	return []string{"-e", fmt.Sprintf("inject=%s:error=%s:when=%d+%d", f.calls, f.err, f.least+random.IntN(f.most), 1+random.IntN(4))}
}

// TestFaults_IOError makes system calls on the files of a book fail for a while, in the midst of a random load: the server answers
// 503, says why in its log, and goes on by itself when they succeed again. Then it cuts the power at random moments of all that.
// After a failed sync, as Linux has it, what was to be synced is on the disk in part and no later sync writes the rest: so no write
// may be acknowledged by a sync that comes after one that failed.
func TestFaults_IOError(t *testing.T) {
	random, count := Seeded(t), NewTally(t)
	injected, refused, first := 0, 0, random.IntN(len(ioFaults()))
	for n := range InLongTests(1, 16) {
		f := ioFaults()[(first+n)%len(ioFaults())]
		run := fmt.Sprintf("recording %d, %s %s", n, f.calls, f.err)
		r, answers := recordFault(t, f, Branch(random))
		injected, refused = injected+r.injected, refused+len(answers)
		t.Logf("%s: %d calls failed, %d writes were refused", run, r.injected, len(answers))
		count.Try()
		count.Violations(t, run, append(answers.dishonest(), r.crowd.Wrong()...))
		violations := checkDir(t, r.book.Dir, r.crowd)
		count.Violations(t, run+", stopped", violations)
		cutAtRandom(t, r, InLongTests(4, 15), func(cut string, step int, crowd *Crowd) {
			count.Try()
			violations := checkDir(t, cut, crowd)
			count.Violations(t, fmt.Sprintf("%s, cut at %d of %d", run, step, r.Steps()), violations)
		})
	}
	t.Logf("%d system calls failed, %d writes were refused", injected, refused)
	if injected == 0 || refused == 0 {
		t.Errorf("%d system calls failed and %d writes were refused: that was not tried", injected, refused)
	}
}

// refusals are the answers of a server that cannot.
type refusals []*Unavailable

// dishonest returns those that say something else.
func (r refusals) dishonest() (violations []string) {
	for _, u := range r {
		if !u.IsHonest() {
			violations = append(violations, fmt.Sprintf("%s: %v", u.Kind, u))
		}
	}
	return violations
}

// recordFault records a load in which a fault comes and goes.
func recordFault(t *testing.T, f ioFault, random *rand.Rand) (*recorded, refusals) {
	t.Helper()
	heard := make(chan *Unavailable, 10000)
	r := recordWith(t, random, f.inject(random), func(s *Server, crowd *Crowd) {
		load := Load{
			URLs: []string{s.URL}, Random: random, Calls: 8, Loss: Stay,
			Unavailable: func(u *Unavailable) { heard <- u },
		}
		for range 8 {
			if crowd.Send(t.Context(), load); len(heard) > 0 { // it has begun
				break
			}
		}
		load.Calls = 1 + random.IntN(8)
		crowd.Send(t.Context(), load)
		s.mend()
		load.Calls = 2
		Eventually(t, "the server goes on by itself", func() bool {
			before := len(heard)
			crowd.Send(t.Context(), load)
			return len(heard) == before
		})
		Eventually(t, "the submissions come to their ends", func() bool {
			found, err := ReadDir(t.Context(), s.Dir)
			return err == nil && found.Unfinished() == 0
		})
		if len(heard) > 0 && !strings.Contains(s.Stderr.String(), `"error_kind":"unavailable","cause":"`) {
			t.Error("the log does not say why")
		}
	})
	close(heard)
	var answers refusals
	for u := range heard {
		answers = append(answers, u)
	}
	return r, answers
}

var tracedBy = regexp.MustCompile(`(?m)^TracerPid:\s+(\d+)$`)

// mend ends the faults, and the recording with them: strace leaves the server to itself.
func (s *Server) mend() {
	s.t.Helper()
	tracer := func() int {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process.Process.Pid))
		if err != nil {
			s.t.Fatal(err)
		}
		pid, err := strconv.Atoi(tracedBy.FindStringSubmatch(string(status))[1])
		if err != nil {
			s.t.Fatal(err)
		}
		return pid
	}
	pid := tracer()
	if pid == 0 {
		s.t.Fatal("the server is not traced")
	}
	if err := unix.Kill(pid, unix.SIGINT); err != nil {
		s.t.Fatal(err)
	}
	Eventually(s.t, "strace leaves the server", func() bool { return tracer() == 0 })
}
