// Package pgtest gives tests a real PostgreSQL: a throw-away cluster for the test process, and in it a database for each
// test. CLIENTELE_TEST_POSTGRES_URL names a server to use instead; its user must be a superuser.
//
// It never skips: where PostgreSQL is missing, the test fails and says what to install.
package pgtest

import (
	"bufio"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// MinVersion is the oldest PostgreSQL that Clientele supports.
const MinVersion = 15

// Settings are lines of postgresql.conf that differ from those of a throw-away cluster.
type Settings []string

// Durable are the settings of a cluster that survives a crash.
var Durable = Settings{"fsync = on", "full_page_writes = on"}

// throwAway are the settings of a cluster that nobody needs to survive.
var throwAway = Settings{
	"fsync = off", "full_page_writes = off", "max_connections = 200", "shared_buffers = 64MB", "listen_addresses = '127.0.0.1'",
	"logging_collector = off", "log_checkpoints = off", "timezone = 'Asia/Kathmandu'", // not UTC: nobody may rely on it
}

// Cluster is a PostgreSQL server of the test process's own. It ends with the process, however that ends.
type Cluster struct {
	Port     int
	Dir      string // holds the data in data/ and the server's log in log
	password string
	end      io.WriteCloser // ends the supervisor when closed, and starts the server again with a line
	says     *bufio.Reader  // what the supervisor says
	process  *exec.Cmd
}

// supervisor makes and starts a cluster, and stops and deletes it when its standard input ends: also when the test process
// was killed.
//
//go:embed supervisor.sh
var supervisor string

// NewCluster starts a cluster that ends with the test.
func NewCluster(t testing.TB, more Settings) *Cluster {
	t.Helper()
	c, err := startCluster(more, nil)
	return c.until(t, err)
}

// NewStandby starts a streaming standby of c that ends with the test. It is up to date soon, not at once: see
// pg_stat_replication. SELECT pg_promote() makes it a primary.
func (c *Cluster) NewStandby(t testing.TB, more Settings) *Cluster {
	t.Helper()
	standby, err := startCluster(more, c)
	return standby.until(t, err)
}

// until stops the cluster when the test ends.
func (c *Cluster) until(t testing.TB, err error) *Cluster {
	t.Helper()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return c
}

// startCluster tries a few ports: somebody may take a free one before the server does.
func startCluster(more Settings, primary *Cluster) (c *Cluster, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	for range 3 {
		if c, err = tryCluster(bin, more, primary); err == nil {
			return c, nil
		}
	}
	return nil, err
}

func tryCluster(bin string, more Settings, primary *Cluster) (*Cluster, error) {
	c := &Cluster{password: rand.Text()}
	var source string
	if primary != nil {
		c.password, source = primary.password, primary.URL("postgres")
	}
	var err error
	if c.Port, err = freePort(); err != nil {
		return nil, err
	}
	if c.Dir, err = os.MkdirTemp(parentDir(more), "clientele-postgres-"); err != nil {
		return nil, err
	}
	settings := append(append(throwAway[:len(throwAway):len(throwAway)], more...),
		"port = "+strconv.Itoa(c.Port), "unix_socket_directories = '"+c.Dir+"'")
	for name, text := range map[string]string{"password": c.password, "settings": strings.Join(settings, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	if err := c.supervise(bin, source); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.Dir))
	}
	return c, nil
}

// memoryDir is Linux's file system in memory, where a database is made ten times faster than on a disk; minMemory is what
// has to be free there, in bytes: containers often have next to nothing.
const (
	memoryDir = "/dev/shm"
	minMemory = 2 << 30
)

// parentDir returns where a cluster with the given settings is made; "" for the usual place of temporary files. One that
// is asked to survive belongs on a disk.
func parentDir(more Settings) string {
	var fs unix.Statfs_t
	if len(more) > 0 || unix.Statfs(memoryDir, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < minMemory {
		return ""
	}
	return memoryDir
}

// supervise starts the supervisor and waits until the server takes connections.
func (c *Cluster) supervise(bin, primary string) error {
	c.process = exec.Command("sh", "-c", supervisor, "sh", bin, c.Dir, primary)
	c.process.Dir = "/"
	// A session of its own: an interrupt from the terminal is for the tests, and their end is the supervisor's.
	c.process.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := asServerUser(c.process, c.Dir); err != nil {
		return err
	}
	stdin, err := c.process.StdinPipe()
	if err != nil {
		return err
	}
	c.end = stdin
	stdout, err := c.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.process.Start(); err != nil {
		return err
	}
	c.says = bufio.NewReader(stdout)
	if err := c.awaitReady(); err != nil {
		return errors.Join(err, c.Stop())
	}
	return nil
}

// awaitReady waits until the supervisor says that the server takes connections.
func (c *Cluster) awaitReady() error {
	line, err := c.says.ReadString('\n')
	if err != nil || line != "ready\n" {
		log, _ := os.ReadFile(filepath.Join(c.Dir, "log"))
		return fmt.Errorf("the server did not start: %s\n%s", line, log)
	}
	return nil
}

// Supervisor returns the process that stops and deletes the cluster.
func (c *Cluster) Supervisor() int { return c.process.Process.Pid }

// Stop ends the cluster at once and deletes it. A second call does nothing.
func (c *Cluster) Stop() error {
	if c.process == nil {
		return nil
	}
	process := c.process
	c.process = nil
	return errors.Join(c.end.Close(), process.Wait())
}

// URL returns the URL of a database of the cluster, for its superuser.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/%s?sslmode=disable", c.password, c.Port, database)
}

// asServerUser makes the command run as somebody who may run a server: root may not, Debian's user postgres is for that.
func asServerUser(cmd *exec.Cmd, dirs ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("root may not run PostgreSQL, and there is nobody else: %w", err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return err
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			return errors.Join(err, os.Chown(path, int(uid), int(gid)))
		})
		if err != nil {
			return err
		}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return nil
}

// programs returns the directory of the newest PostgreSQL's programs.
func programs() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	newest, best := MinVersion-1, ""
	for _, path := range dirs {
		bin := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && version > newest {
			newest, best = version, bin
		}
	}
	if best == "" {
		return "", fmt.Errorf("there is no PostgreSQL of version %d or later in /usr/lib/postgresql: "+
			"scripts/install-test-needs postgresql installs it", MinVersion)
	}
	return best, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
