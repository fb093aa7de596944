package main

import (
	"os"
	"strings"
	"testing"
)

// unread are two ways in which nobody reads what a program prints.
func unread(t *testing.T) map[string]*os.File {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { full.Close() })
	reader, gone, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	t.Cleanup(func() { gone.Close() })
	return map[string]*os.File{"a full disk": full, "a reader that is gone": gone}
}

// runInto runs a command that prints into a file.
func (i invocation) runInto(t *testing.T, f *os.File) outcome {
	t.Helper()
	cmd := program(i.env, i.args...)
	cmd.Dir, cmd.Stdin = t.TempDir(), strings.NewReader(i.stdin)
	var stderr output
	cmd.Stdout, cmd.Stderr = f, &stderr
	_ = cmd.Run() // the status tells
	return outcome{args: i.args, status: cmd.ProcessState.ExitCode(), stderr: stderr.String()}
}

// TestSecrets_ThatNobodyCouldRead: a command whose secret could not be printed fails, says so, and says what to do; a key that
// nobody has is good for nothing.
func TestSecrets_ThatNobodyCouldRead(t *testing.T) {
	dir, key := newBook(t)
	sub := command(t, "subscription", "create", "--project", "shop", "--url", "https://shop.example.com/", "--data-dir", dir, "--json").object(t)["id"].(string)
	command(t, "operator", "create", "ada@example.com", "--data-dir", dir).wants(t, exitOK)
	n := 0
	for what, file := range unread(t) {
		for _, more := range []string{"", " --json"} {
			n++
			for _, c := range []struct{ line, stdin, says string }{
				{"key issue --project shop --dialect opm --name Lost", "", "is revoked again: issue another"},
				{"key issue --project shop --dialect opm --name Brought --secret-stdin", strings.Repeat("s", 40+n), "works with the secret that was brought along"},
				{"key rotate 1", "", "clientele key rotate 1"},
				{"subscription create --project shop --url https://shop.example.com/", "", "clientele subscription rotate "},
				{"subscription rotate " + sub, "", "clientele subscription rotate " + sub},
				{"operator create " + strings.Repeat("b", n) + "@example.com", "", "clientele operator reset b"},
				{"operator reset ada@example.com", "", "clientele operator reset ada@example.com"},
			} {
				o := invocation{args: append(words(c.line+more), "--data-dir", dir), stdin: c.stdin}.runInto(t, file)
				if o.status != exitFailed || !strings.Contains(o.stderr, "the secret could not be shown and is lost") || !strings.Contains(o.stderr, c.says) {
					t.Errorf("%s%s into %s: status %d, %q", c.line, more, what, o.status, o.stderr)
				}
			}
		}
	}
	for _, one := range command(t, "key", "list", "--data-dir", dir, "--json").object(t)["keys"].([]any) {
		k := one.(map[string]any)
		if want := map[any]string{"Lost": "revoked", "Brought": "active", "Partner": "active"}[k["name"]]; k["state"] != want {
			t.Errorf("key %v of %v is %v, want %s", k["id"], k["name"], k["state"], want)
		}
	}
	startServer(t, dir).ping(key).wants(t, 200, pongBody) // the overlap
}
