package main

import (
	"io"
	"strings"
	"syscall"
	"testing"
)

// typed runs a command on a terminal of its own, types keys when it asks, and returns how it ended and what the terminal shows.
func typed(t *testing.T, asks, keys string, args ...string) (status int, shown string) {
	t.Helper()
	ours, theirs := openTerminal(t)
	cmd := program(nil, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // so that keys are signals
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	var screen output
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&screen, ours) // the error is how a terminal tells that nobody writes to it any more
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the status tells
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	eventually(t, patience, "it asks", func() bool { return strings.Contains(screen.String(), asks) })
	if _, err := io.WriteString(ours, keys); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "it ends", func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	<-read
	return cmd.ProcessState.ExitCode(), screen.String()
}

// TestCustomerErase_TypedOnATerminal: only the customer's id erases. Anything else does not, says so, and says what would.
func TestCustomerErase_TypedOnATerminal(t *testing.T) {
	t.Parallel()
	dir := exportBook(t)
	args := []string{"customer", "erase", "--project", "shop", "--settle", "0s", "--data-dir", dir, "--id", "2"}
	export := []string{"customer", "export", "--project", "shop", "--id", "2", "--data-dir", dir}
	const asks = "Type 2 to erase: "
	for what, keys := range map[string]string{
		"another id": "1\n", "nothing": "\n", "a yes": "y\n", "the id and more": "2 3\n", "a number that begins so": "23\n",
		"the end of the input": "\x04", "its end behind the id": "2\x04\x04", "Ctrl-C behind the id": "2\x03", "Ctrl-C": "\x03",
	} {
		status, shown := typed(t, asks, keys, args...)
		if status != exitFailed || !strings.Contains(shown, "\nclientele: nothing was erased: type 2, the customer's id, or give --yes\r\n") {
			t.Errorf("%s: status %d, the terminal shows\n%s", what, status, shown)
		}
		command(t, export...).wants(t, exitOK)
	}
	status, shown := typed(t, asks, " 2 \n", args...)
	if status != exitOK || !strings.Contains(shown, "Erased customer 2 of shop at 20") {
		t.Errorf("its id: status %d, the terminal shows\n%s", status, shown)
	}
	if o := command(t, export...).wants(t, exitFailed); !strings.Contains(o.stderr, "customer 2 was erased at 20") {
		t.Errorf("afterwards the export says %q", o.stderr)
	}
}
