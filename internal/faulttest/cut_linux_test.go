package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaults_PowerCut records what the program does to its files under a random load, and cuts the power at random moments of the
// recording: what was not synced is there, or not, or in part, or torn. What had been answered until then must be in the book,
// and now and then a server has to carry on with it.
func TestFaults_PowerCut(t *testing.T) {
	random, count := Seeded(t), NewTally(t)
	for n := range InLongTests(1, 12) {
		r := record(t, Branch(random), 10+random.IntN(InLongTests(10, 90)))
		cutAtRandom(t, r, InLongTests(6, 50), func(cut string, step int, crowd *Crowd) {
			run := fmt.Sprintf("recording %d, cut at %d of %d", n, step, r.Steps())
			count.Try()
			violations := checkDir(t, cut, crowd)
			count.Violations(t, run, violations)
			if len(violations) == 0 && r.random.IntN(8) == 0 {
				count.Violations(t, run+", carried on", carriesOn(t, cut, crowd))
			}
		})
		count.Violations(t, fmt.Sprintf("recording %d", n), r.crowd.Wrong())
	}
}

// carriesOn has a server carry on with a book that a fault left; what was not answered is sent again. It returns what is wrong in
// the end.
func carriesOn(t *testing.T, dir string, crowd *Crowd) []string {
	t.Helper()
	b := Book{Binary: binary, Dir: dir}
	s := b.Start(t)
	crowd.Resend(t, s.URL)
	violations := append(settled(t, b, crowd), crowd.Wrong()...)
	s.Stop()
	if len(violations) == 0 {
		violations = checkDir(t, dir, crowd)
	}
	return violations
}

// recorded is a recording of a server, with what is needed to judge what a power cut leaves.
type recorded struct {
	*Recording
	book   Book
	before string // a copy of the directory as it was at the beginning
	crowd  *Crowd
	random *rand.Rand
}

// record loads a server with so many calls on each connection and records what it does to its files, from its start to its end.
func record(t *testing.T, random *rand.Rand, calls int) *recorded {
	t.Helper()
	return recordWith(t, random, []string{filtered}, func(s *Server, crowd *Crowd) {
		crowd.Send(t.Context(), Load{URLs: []string{s.URL}, Random: random, Calls: calls, Loss: Stay})
	})
}

// recordWith does so with a load, and words for strace.
func recordWith(t *testing.T, random *rand.Rand, words []string, load func(*Server, *Crowd)) *recorded {
	t.Helper()
	b := newDir(t)
	r := &recorded{book: b, crowd: NewCrowd(NewPartners(t, b), "cut", 8), random: random, before: t.TempDir()}
	if err := os.CopyFS(r.before, os.DirFS(b.Dir)); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "strace")
	b.Before = Tracer(log, words...)
	s := b.Start(t)
	load(s, r.crowd)
	s.Stop()
	var err error
	if r.Recording, err = ReadRecording(log); err != nil {
		t.Fatal(err)
	}
	return r
}

// cutAtRandom cuts the power so often, and shows the directory that is left and what its crowd had heard.
func cutAtRandom(t *testing.T, r *recorded, wanted int, look func(cut string, step int, crowd *Crowd)) {
	t.Helper()
	disk, err := NewDisk(r.book.Dir, r.before, r.random)
	if err != nil {
		t.Fatal(err)
	}
	cutDisk(t, disk, r, wanted, look)
}

// cutDisk does so with a disk as it is handed over.
func cutDisk(t *testing.T, disk *Disk, r *recorded, wanted int, look func(cut string, step int, crowd *Crowd)) {
	t.Helper()
	at := r.moments(r.random, wanted)
	err := disk.Replay(r.Recording, func(step int, answered map[string]bool) error {
		if !at[step] {
			return nil
		}
		return cutInto(disk, func(cut string) { look(cut, step, r.crowd.AsOf(answered)) })
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFaults_PowerCutIsSeen: on a disk that ignores syncs the same checks find that what was acknowledged is gone, and books that
// are broken.
func TestFaults_PowerCutIsSeen(t *testing.T) {
	r := record(t, Branch(Seeded(t)), 15)
	disk, err := NewDisk(r.book.Dir, r.before, r.random)
	if err != nil {
		t.Fatal(err)
	}
	disk.deaf = true
	lost, broken := 0, 0
	cutDisk(t, disk, r, 16, func(cut string, step int, crowd *Crowd) {
		violations := checkDir(t, cut, crowd)
		for _, v := range violations {
			if strings.Contains(v, "LOST") {
				lost++
			} else {
				broken++
			}
		}
	})
	t.Logf("of a disk that ignores syncs: %d lost, %d broken", lost, broken)
	if lost == 0 || broken == 0 {
		t.Errorf("%d lost and %d broken without syncs: that cannot be all", lost, broken)
	}
}
