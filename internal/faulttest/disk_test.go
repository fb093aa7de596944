package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDisk_WhatAPowerCutLeaves: what was synced is always there; all else is there at times, and missing at times.
func TestDisk_WhatAPowerCutLeaves(t *testing.T) {
	const opened = "openat(AT_FDCWD, 'R/new/file', O_RDWR|O_CREAT, 0600) = 5\n"
	for _, c := range []struct {
		name, calls string
		always      bool // whether a, the first of 1024 bytes, is always there; otherwise only at times
	}{
		{"nothing synced", "mkdirat(AT_FDCWD, 'R/new', 0700) = 0\n" + opened + "pwrite64(5, 'A*', 1024, 0) = 1024", false},
		{"the file synced", "mkdirat(AT_FDCWD, 'R/new', 0700) = 0\n" + opened + "pwrite64(5, 'A*', 1024, 0) = 1024\nfsync(5) = 0", false},
		{
			"the file and its directories synced", "mkdirat(AT_FDCWD, 'R/new', 0700) = 0\n" + opened + `pwrite64(5, 'A*', 1024, 0) = 1024
fdatasync(5) = 0
openat(AT_FDCWD, 'R/new', O_RDONLY) = 6
fsync(6) = 0
openat(AT_FDCWD, 'R', O_RDONLY) = 7
fsync(7) = 0`, true,
		},
		{"a later write", `openat(AT_FDCWD, 'R/there', O_RDWR) = 5
pwrite64(5, 'A*', 1024, 0) = 1024
fsync(5) = 0
pwrite64(5, 'B*', 1024, 0) = 1024`, false},
		{"a sync that failed, and another", `openat(AT_FDCWD, 'R/there', O_RDWR) = 5
pwrite64(5, 'A*', 1024, 0) = 1024
fsync(5) = -1 EIO (Input/output error) (INJECTED)
fsync(5) = 0`, false},
		{"written again after a sync that failed", `openat(AT_FDCWD, 'R/there', O_RDWR) = 5
pwrite64(5, 'A*', 1024, 0) = 1024
fsync(5) = -1 EIO (Input/output error) (INJECTED)
pwrite64(5, 'A*', 1024, 0) = 1024
fsync(5) = 0`, true},
		{"two threads", `pwrite64(5, 'A*', 1024, 0 <unfinished ...>
2 fsync(5) = 0
<... pwrite64 resumed>) = 1024`, false},
		{"closed while another thread opens, by the same number", `close(5 <unfinished ...>
2 openat(AT_FDCWD, 'R/there', O_RDWR) = 5
<... close resumed>) = 0
pwrite64(5, 'A*', 1024, 0) = 1024
fsync(5) = 0`, true},
		{"deleted", `openat(AT_FDCWD, 'R/there', O_RDWR) = 5
pwrite64(5, 'A*', 1024, 0) = 1024
fsync(5) = 0
unlink('R/there') = 0`, false},
	} {
		random := rand.New(rand.NewPCG(1, 2))
		there, torn := 0, 0
		const times = 60
		root := t.TempDir()
		recording := recordingOf(t, root, c.calls)
		for range times {
			whole, some := cutAfter(t, root, recording, random)
			there, torn = there+whole, torn+some
		}
		if c.always && there != times || !c.always && (there == times || there+torn == 0) {
			t.Errorf("%s: whole %d times of %d, in part %d times", c.name, there, times, torn)
		}
	}
}

var short = regexp.MustCompile(`'([^']*)'`)

// recordingOf returns the recording of calls on files in R, which is root, as strace writes it.
func recordingOf(t *testing.T, root, calls string) *Recording {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, "there"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(calls, "pwrite64") {
		calls = "openat(AT_FDCWD, 'R/there', O_RDWR) = 5\n" + calls
	}
	var text strings.Builder
	for line := range strings.Lines(calls) {
		if !strings.HasPrefix(line, "2 ") {
			line = "1 " + line
		}
		text.WriteString(short.ReplaceAllStringFunc(strings.TrimSpace(line), func(quoted string) string {
			plain := strings.Trim(quoted, "'")
			if one, repeated := strings.CutSuffix(plain, "*"); repeated {
				plain = strings.Repeat(one, 1024)
			}
			return escaped(strings.Replace(plain, "R", root, 1))
		}) + "\n")
	}
	return readText(t, text.String())
}

// escaped returns a text as strace -xx prints it.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return `"` + b.String() + `"`
}

func readText(t *testing.T, text string) *Recording {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	recording, err := ReadRecording(log)
	if err != nil {
		t.Fatal(err)
	}
	return recording
}

// cutAfter cuts the power after a recording and reports whether a file is wholly of A, or in part.
func cutAfter(t *testing.T, root string, recording *Recording, random *rand.Rand) (whole, some int) {
	t.Helper()
	to := t.TempDir()
	disk, err := NewDisk(root, root, random)
	if err != nil {
		t.Fatal(err)
	}
	err = disk.Replay(recording, func(int, map[string]bool) error { return nil })
	if err == nil {
		err = disk.Cut(to)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"there", "new/file"} {
		b, err := os.ReadFile(filepath.Join(to, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		switch n := strings.Count(string(b), "A"); {
		case n == 1024 && len(b) == n:
			whole = 1
		case n > 0:
			some = 1
		}
	}
	return whole, some
}

// TestReplay_Refuses what it does not know: a recording that is not understood proves nothing.
func TestReplay_Refuses(t *testing.T) {
	for _, call := range []string{
		`fallocate(5, 0, 0, 10) = 0`, `openat(AT_FDCWD, %s, O_WRONLY|O_APPEND) = 6`, `write(5, "\x41", 1) = 1`, `symlink("\x41", %s) = 0`,
		`truncate(%s, 1) = 0`, `dup(5) = 6`, `pwritev(5, [], 1, 0) = 1`,
		`fsync(6) = 0`,
	} {
		root := t.TempDir()
		path := escaped(root + "/x")
		recording := readText(t, fmt.Sprintf("1 openat(AT_FDCWD, %s, O_RDWR|O_CREAT) = 5\n1 %s\n", path, strings.ReplaceAll(call, "%s", path)))
		disk, err := NewDisk(root, root, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		if disk.Replay(recording, func(int, map[string]bool) error { return nil }) == nil {
			t.Errorf("%s is let by", call)
		}
	}
}
