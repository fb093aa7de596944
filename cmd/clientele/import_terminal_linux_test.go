package main

import (
	"io"
	"strings"
	"testing"
)

// TestImport_ShowsProgressOnATerminal and only there: what it prints stays one line.
func TestImport_ShowsProgressOnATerminal(t *testing.T) {
	dir, _ := newBook(t)
	file, _ := customersFile(t, 3000)
	ours, theirs := openTerminal(t)
	cmd := program(nil, "import", file, "--project", "shop", "--data-dir", dir)
	var printed output
	cmd.Stdout, cmd.Stderr = &printed, theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	shown, _ := io.ReadAll(ours) // the error is how a terminal tells that nobody writes to it any more
	_ = cmd.Wait()               // rows were refused
	if got := cmd.ProcessState.ExitCode(); got != exitFailed {
		t.Fatalf("status %d: %s", got, shown)
	}
	for _, want := range []string{"Importing, 3003 rows, 3 refused", "100%"} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("the terminal shows %q, want %q in it", shown, want)
		}
	}
	if got := printed.String(); !strings.HasPrefix(got, "Imported 3003 rows into shop") || strings.Count(got, "\n") != 1 {
		t.Errorf("import prints\n%s", got)
	}
}
