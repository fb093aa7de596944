package pgtest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"clientele/internal/postgres/pgtest"

	"golang.org/x/sys/unix"
)

// holdVariable makes the test below start a cluster and wait to be killed.
const holdVariable = "PGTEST_HOLD"

// TestCluster_EndsWithItsProcess kills a test process while its cluster runs, and waits until nothing is left of it.
func TestCluster_EndsWithItsProcess(t *testing.T) {
	if os.Getenv(holdVariable) != "" {
		hold(t)
		return
	}
	for name, sig := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "interrupted": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			test := exec.Command(os.Args[0], "-test.run=^"+strings.Split(t.Name(), "/")[0]+"$")
			test.Env = append(os.Environ(), holdVariable+"=1")
			out, err := test.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := test.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			var dir string
			var supervisor int
			if _, err := fmt.Sscanf(line, "%d %s", &supervisor, &dir); err != nil {
				t.Fatalf("the test process said %q: %v", line, err)
			}
			server := serverOf(t, dir)
			watched := []int{watch(t, supervisor), watch(t, server)}
			if err := test.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = test.Wait()
			for _, fd := range watched {
				awaitEnd(t, fd)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("the directory is still there: %v", err)
			}
		})
	}
}

// hold starts a cluster, says where it is, and stays.
func hold(t *testing.T) {
	c := pgtest.NewCluster(t, nil)
	fmt.Printf("%d %s\n", c.Supervisor(), c.Dir)
	select {}
}

func serverOf(t *testing.T, dir string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(data), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// watch returns a file descriptor that becomes readable when the process ends.
func watch(t *testing.T, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

func awaitEnd(t *testing.T, fd int) {
	t.Helper()
	const milliseconds = 20_000
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, milliseconds)
	if err != nil || n != 1 {
		t.Errorf("a process of the cluster still runs: %v", err)
	}
}

// TestNew_IsFreshAndMigrated: each test has its own database.
func TestNew_IsFreshAndMigrated(t *testing.T) {
	a, b, empty := pgtest.New(t), pgtest.New(t), pgtest.Empty(t)
	if a == b || a == empty {
		t.Errorf("two tests share a database: %s %s %s", a, b, empty)
	}
}
