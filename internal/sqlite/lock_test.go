package sqlite

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"clientele"
)

func TestLockDir_SecondIsRefusedAndNamesTheFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	first, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = LockDir(dir)
	wantKind(t, "second lock", err, clientele.KindConflict)
	for _, want := range []string{"pid " + strconv.Itoa(os.Getpid()) + ")", dir} {
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not name %q", err, want)
		}
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := LockDir(dir)
	if err != nil {
		t.Fatalf("after Unlock: %v", err)
	}
	if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockDir_OfOneDirectoryIsNoneOfAnother(t *testing.T) {
	for range 2 {
		lock, err := LockDir(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Unlock()
	}
}

func TestLockDir_ForgetsALongerPid(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, LockName), []byte("99999999999999999999"), 0o600); err != nil {
		t.Fatal(err)
	}
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatalf("a file that nobody holds: %v", err)
	}
	defer lock.Unlock()
	if got, err := os.ReadFile(filepath.Join(dir, LockName)); err != nil || string(got) != strconv.Itoa(os.Getpid()) {
		t.Errorf("the lock file says %q, %v; want our pid", got, err)
	}
}

// otherServer is another process that holds a directory.
type otherServer struct {
	cmd   *exec.Cmd
	stdin interface{ Close() error }
}

func startOtherServer(t *testing.T, dir string) *otherServer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), lockDirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "locked\n" {
		t.Errorf("the other process says %q, %v", line, err)
	}
	return &otherServer{cmd: cmd, stdin: stdin}
}

func TestLockDir_AcrossProcesses(t *testing.T) {
	for what, end := range map[string]func(*otherServer) error{
		"ended":  func(o *otherServer) error { return o.stdin.Close() },
		"killed": func(o *otherServer) error { return o.cmd.Process.Kill() },
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			other := startOtherServer(t, dir)
			_, err := LockDir(dir)
			wantKind(t, "lock held by another process", err, clientele.KindConflict)
			if pid := strconv.Itoa(other.cmd.Process.Pid); err != nil && !strings.Contains(err.Error(), "pid "+pid+")") {
				t.Errorf("%v: does not name pid %s", err, pid)
			}
			s := openMigrated(t, dir) // a command works beside the server
			mustCommit(t, s, upsert(newProject(t, s), "a", "ada@example.com"))
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := end(other); err != nil {
				t.Fatal(err)
			}
			_ = other.cmd.Wait() // a killed process reports that it was
			lock, err := LockDir(dir)
			if err != nil {
				t.Fatalf("after the other process %s: %v", what, err)
			}
			if err := lock.Unlock(); err != nil {
				t.Error(err)
			}
		})
	}
}
