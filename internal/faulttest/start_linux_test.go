package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaults_PowerCutAtFirstStart cuts the power while the first commands make the directory, the file, the tables and the first
// records. What a command reported as done must be there, and the next server must find its way whatever was left.
func TestFaults_PowerCutAtFirstStart(t *testing.T) {
	random, count := Seeded(t), NewTally(t)
	for n := range InLongTests(1, 4) {
		cutAtFirstStart(t, Branch(random), func(cut string, step int, done int) {
			count.Try()
			b := Book{Binary: binary, Dir: filepath.Join(cut, "some", "data")}
			count.Violations(t, fmt.Sprintf("recording %d, cut at %d after %d commands", n, step, done), missing(t, b, done))
			s := b.Start(t)
			s.Stop()
			violations := checkDir(t, b.Dir)
			count.Violations(t, fmt.Sprintf("recording %d, cut at %d, started", n, step), violations)
		})
	}
}

// firstCommands are what somebody begins with, each with what shows that it was done.
func firstCommands() [][2]string {
	return [][2]string{
		{"project create shop", "project list"},
		{"publisher create --name shop-blog", "publisher list"},
		{"campaign create --project shop --name shop-ad --landing-url https://shop.example.com/", "campaign list"},
	}
}

// cutAtFirstStart records the first commands in a directory that is not there and cuts the power at random moments of each.
func cutAtFirstStart(t *testing.T, random *rand.Rand, look func(cut string, step, done int)) {
	t.Helper()
	root := t.TempDir()
	disk, err := NewDisk(root, root, random)
	if err != nil {
		t.Fatal(err)
	}
	b := Book{Binary: binary, Dir: filepath.Join(root, "some", "data")}
	for done, c := range firstCommands() {
		log := filepath.Join(t.TempDir(), "strace")
		b.Before = Tracer(log, filtered)
		b.Run(t, strings.Fields(c[0])...)
		recording, err := ReadRecording(log)
		if err != nil {
			t.Fatal(err)
		}
		at := recording.moments(random, InLongTests(2, 15))
		err = disk.Replay(recording, func(step int, _ map[string]bool) error {
			if step == recording.Steps() {
				return cutInto(disk, func(cut string) { look(cut, step, done+1) })
			} else if at[step] {
				return cutInto(disk, func(cut string) { look(cut, step, done) })
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// cutInto cuts the power and shows what is left.
func cutInto(disk *Disk, look func(cut string)) error {
	cut, err := os.MkdirTemp("", "clientele-cut-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cut)
	if err := disk.Cut(cut); err != nil {
		return err
	}
	look(cut)
	return nil
}

// missing returns what the first so many commands have done and is not there.
func missing(t *testing.T, b Book, done int) (violations []string) {
	t.Helper()
	for _, c := range firstCommands()[:done] {
		stdout, stderr, err := b.Try(strings.Fields(c[1])...)
		if err != nil || !strings.Contains(stdout, "shop") {
			violations = append(violations, fmt.Sprintf("LOST: after %q, %q says %q %q", c[0], c[1], stdout, stderr))
		}
	}
	return violations
}

// TestFaults_PowerCutAtBackup cuts the power while a backup is made: under its name there is a whole copy or none, and it is there
// when the command said so.
func TestFaults_PowerCutAtBackup(t *testing.T) {
	random, count := Seeded(t), NewTally(t)
	b := newDir(t)
	crowd := NewCrowd(NewPartners(t, b), "backup", 4)
	s := b.Start(t)
	crowd.Send(t.Context(), Load{URLs: []string{s.URL}, Random: random, Calls: 10})
	root, log := t.TempDir(), filepath.Join(t.TempDir(), "strace")
	disk, err := NewDisk(root, root, random)
	if err != nil {
		t.Fatal(err)
	}
	b.Before = Tracer(log, filtered)
	b.Run(t, "backup", filepath.Join(root, "clientele.db"))
	s.Stop()
	recording, err := ReadRecording(log)
	if err != nil {
		t.Fatal(err)
	}
	at := recording.moments(random, InLongTests(4, 60))
	at[recording.Steps()] = true
	err = disk.Replay(recording, func(step int, _ map[string]bool) error {
		if !at[step] {
			return nil
		}
		return cutInto(disk, func(cut string) {
			count.Try()
			_, err := os.Stat(filepath.Join(cut, "clientele.db"))
			if violations := []string{"LOST: there is no backup"}; err != nil && step == recording.Steps() {
				count.Violations(t, "the backup was reported as done", violations)
			}
			if err != nil {
				return
			}
			violations := checkDir(t, cut, crowd)
			count.Violations(t, fmt.Sprintf("cut at %d of %d", step, recording.Steps()), violations)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}
