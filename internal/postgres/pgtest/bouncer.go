package pgtest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/peterldowns/pgtestdb"
)

// Bouncer is a PgBouncer in transaction mode before the server of the databases that New gives out.
type Bouncer struct{ port int }

// bounceScript starts PgBouncer (see supervisor.sh: it ends with its standard input).
const bounceScript = `"$1" -q "$2/pgbouncer.ini" >"$2/log" 2>&1 </dev/null & pid=$!; cat >/dev/null; kill -INT $pid; wait $pid; rm -rf "$2"`

// NewBouncer starts a PgBouncer that ends with the test.
func NewBouncer(t testing.TB) *Bouncer {
	t.Helper()
	b, stop, err := startBouncer(serverURL(t))
	if err != nil {
		t.Fatalf("start PgBouncer: %v", err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop PgBouncer: %v", err)
		}
	})
	return b
}

// Before returns the URL of the same database behind PgBouncer.
func (b *Bouncer) Before(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		panic(err) // it came from New
	}
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port))
	return u.String()
}

func startBouncer(server string) (b *Bouncer, stop func() error, err error) {
	path, err := bouncerProgram()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "clientele-pgbouncer-")
	if err != nil {
		return nil, nil, err
	}
	b = &Bouncer{}
	if b.port, err = freePort(); err == nil {
		err = writeBouncerFiles(dir, server, b.port)
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	cmd := exec.Command("sh", "-c", bounceScript, "sh", path, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := asServerUser(cmd, dir); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop = func() error { return errors.Join(stdin.Close(), cmd.Wait()) }
	if err := waitForPort(b.port); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, nil, errors.Join(fmt.Errorf("%w\n%s", err, log), stop())
	}
	return b, stop, nil
}

func writeBouncerFiles(dir, server string, port int) error {
	u, err := url.Parse(server)
	if err != nil {
		return fmt.Errorf("%s is not a URL", URLVariable)
	}
	ini := strings.Join([]string{
		"[databases]", fmt.Sprintf("* = host=%s port=%s", u.Hostname(), orDefault(u.Port(), "5432")),
		"[pgbouncer]", "listen_addr = 127.0.0.1", "listen_port = " + strconv.Itoa(port), "unix_socket_dir =",
		"pool_mode = transaction", "default_pool_size = 8", "max_client_conn = 500", "server_idle_timeout = 2",
		"auth_type = plain", "auth_file = " + filepath.Join(dir, "users"), "",
	}, "\n")
	users := fmt.Sprintf("%q %q\n", pgtestdb.DefaultRoleUsername, pgtestdb.DefaultRolePassword)
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "pgbouncer.ini"), []byte(ini), 0o600),
		os.WriteFile(filepath.Join(dir, "users"), []byte(users), 0o600))
}

func bouncerProgram() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	const debian = "/usr/sbin/pgbouncer" // not on everybody's PATH
	if _, err := os.Stat(debian); err != nil {
		return "", errors.New("there is no pgbouncer: scripts/install-test-needs pgbouncer installs it")
	}
	return debian, nil
}

// waitForPort waits until somebody listens.
func waitForPort(port int) (err error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var conn net.Conn
		if conn, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return conn.Close()
		}
	}
	return err
}
