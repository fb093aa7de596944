package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody runs a command as a user who may write nowhere. When the tests do not run as root, the user they run as will do.
func nobody(env []string, args ...string) *server {
	cmd := program(env, args...)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return &server{process: cmd}
}

// TestServe_DirectoryThatCannotBeWritten: the server ends at once with status 1 and says what to do.
func TestServe_DirectoryThatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
	}{
		{"an empty directory that is read-only", func(t *testing.T, dir string) { chmod(t, 0o555, dir) }},
		{"a missing directory in one that is read-only", func(t *testing.T, dir string) {
			chmod(t, 0o555, filepath.Dir(dir))
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
		}},
		{"a book of another user's", func(t *testing.T, dir string) {
			makeBook(t, dir)
			chmod(t, 0o777, dir)
			chmod(t, 0o444, filepath.Join(dir, "clientele.db"), filepath.Join(dir, "serve.lock"))
		}},
		{"a database of another user's", func(t *testing.T, dir string) {
			makeBook(t, dir)
			chmod(t, 0o777, dir)
			chmod(t, 0o666, filepath.Join(dir, "serve.lock"))
			chmod(t, 0o444, filepath.Join(dir, "clientele.db"))
		}},
		{"a read-only directory with a book that could be written", func(t *testing.T, dir string) {
			makeBook(t, dir)
			chmod(t, 0o666, filepath.Join(dir, "clientele.db"), filepath.Join(dir, "serve.lock"))
			chmod(t, 0o555, dir)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			chmod(t, 0o755, filepath.Dir(root), root)
			t.Cleanup(func() { chmod(t, 0o755, root) })
			dir := filepath.Join(root, "data")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, dir)
			for _, args := range [][]string{serveArgs(dir), {"project", "create", "other", "--data-dir", dir}} {
				s := launch(t, dir, nobody(nil, args...).process)
				s.waitExit(patience, exitFailed)
				for _, want := range []string{dir, "writable", "--data-dir"} {
					if !strings.Contains(s.stderr.String(), want) {
						t.Errorf("%s says %q, want %q in it", args[0], s.stderr.String(), want)
					}
				}
				if got := s.stdout.String(); got != "" {
					t.Errorf("%s printed %q", args[0], got)
				}
			}
		})
	}
}

// makeBook makes a book with a lock file, which a server leaves behind.
func makeBook(t *testing.T, dir string) {
	t.Helper()
	command(t, "project", "create", "shop", "--data-dir", dir).wants(t, exitOK)
	if _, err := os.Stat(filepath.Join(dir, "serve.lock")); err != nil {
		t.Fatal(err)
	}
}

func chmod(t testing.TB, mode os.FileMode, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
}
