package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCopy_ShowsProgressOnATerminal and only there: what it prints stays a table.
func TestCopy_ShowsProgressOnATerminal(t *testing.T) {
	dir, _ := newBook(t)
	ours, theirs := openTerminal(t)
	cmd := program(nil, "copy", "--from-data-dir", dir, "--to-data-dir", filepath.Join(t.TempDir(), "copy"))
	var printed output
	cmd.Stdout, cmd.Stderr = &printed, theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	shown, _ := io.ReadAll(ours) // the error is how a terminal tells that nobody writes to it any more
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, shown)
	}
	for _, want := range []string{"Copying", "Comparing", "100%"} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("the terminal shows %q, want %q in it", shown, want)
		}
	}
	if !strings.HasPrefix(printed.String(), "TABLE ") || strings.Contains(printed.String(), "%") {
		t.Errorf("copy prints\n%s", printed.String())
	}
}

// openTerminal returns both ends of a terminal: ours, and the one that a program has.
func openTerminal(t testing.TB) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}
