//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// minPostgres is the oldest PostgreSQL that Clientele supports.
const minPostgres = 15

// cluster is a throw-away PostgreSQL as initdb makes it: every commit durable, every setting its default. Its programs
// find the password in the environment.
type cluster struct {
	bin, dir  string
	port      int
	command   *exec.Cmd
	exited    chan error
	log       *os.File
	databases int // made so far
}

// postgresPrograms returns the directory of the newest PostgreSQL's programs, where Debian puts them.
func postgresPrograms() (string, error) {
	paths, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	newest, best := minPostgres-1, ""
	for _, path := range paths {
		bin := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && version > newest {
			newest, best = version, bin
		}
	}
	if best == "" {
		err = fmt.Errorf("PostgreSQL %d or later is not in /usr/lib/postgresql: install Debian's package postgresql, "+
			"or leave its rows out with --only '^(GET|POST|driver)'", minPostgres)
	}
	return best, err
}

// startCluster makes a cluster in a directory of its own below parent, which must let everybody pass, and starts it.
func startCluster(ctx context.Context, parent string) (c *cluster, err error) {
	c = &cluster{exited: make(chan error, 1)}
	if c.bin, err = postgresPrograms(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp(parent, "clientele-bench-postgres-"); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	if err = c.initialise(ctx); err == nil {
		err = c.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(c.dir))
	}
	return c, nil
}

func (c *cluster) initialise(ctx context.Context) error {
	password := rand.Text()
	file := filepath.Join(c.dir, "password")
	err := errors.Join(os.WriteFile(file, []byte(password), 0o600), os.Setenv("PGPASSWORD", password))
	if err != nil {
		return err
	}
	initdb, err := c.program(ctx, "initdb", "-D", c.data(), "-U", "postgres", "--pwfile", file, "-A", "scram-sha-256",
		"-E", "UTF8", "--locale=C", "--no-instructions")
	if err != nil {
		return err
	}
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, output)
	}
	return nil
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// program is a command of PostgreSQL's, run as somebody who may run a server: root may not, Debian's user postgres is
// for that.
func (c *cluster) program(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	command := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	command.Dir = c.dir
	// SIGQUIT is PostgreSQL's immediate shutdown, and ends its children too.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return command, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("root may not run PostgreSQL, and there is nobody else: %w", err)
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	command.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return command, errors.Join(uidErr, gidErr, os.Chown(c.dir, uid, gid), chownIfThere(filepath.Join(c.dir, "password"), uid, gid))
}

func chownIfThere(path string, uid, gid int) error {
	if err := os.Chown(path, uid, gid); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// start runs the server and waits until it takes connections.
func (c *cluster) start(ctx context.Context) (err error) {
	if c.port, err = freePort(); err != nil {
		return err
	}
	if c.log, err = newLog(); err != nil {
		return err
	}
	c.command, err = c.program(ctx, "postgres", "-D", c.data(), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
	if err != nil {
		return err
	}
	c.command.Stdout, c.command.Stderr = c.log, c.log
	if err := c.command.Start(); err != nil {
		return err
	}
	go func() { c.exited <- c.command.Wait() }()
	for deadline := time.Now().Add(readyLimit); ; {
		err := c.execute(ctx, "postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case ended := <-c.exited:
			return errors.Join(ended, tailOf(c.log))
		case <-time.After(10 * time.Millisecond):
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return errors.Join(err, c.command.Process.Signal(syscall.SIGQUIT), <-c.exited, tailOf(c.log))
		}
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

// url names a database of the cluster; the password is in the environment, where the driver looks for it.
func (c *cluster) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// execute runs statements in a database, each by itself.
func (c *cluster) execute(ctx context.Context, database string, statements ...string) error {
	return executeOn(ctx, c.url(database), statements...)
}

func executeOn(ctx context.Context, url string, statements ...string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err = conn.Exec(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// createDatabase makes an empty database. drop removes it again, so that nothing of it is vacuumed or written to the
// disk while the next is measured.
func (c *cluster) createDatabase(ctx context.Context) (name string, drop func() error, err error) {
	c.databases++
	name = fmt.Sprintf("bench_%d", c.databases)
	if err := c.execute(ctx, "postgres", "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("create database: %w", err)
	}
	return name, func() error {
		return c.execute(context.WithoutCancel(ctx), "postgres", "DROP DATABASE "+name+" WITH (FORCE)")
	}, nil
}

// stop ends the server without ado, and deletes everything.
func (c *cluster) stop() error {
	err := c.command.Process.Signal(syscall.SIGQUIT)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-c.exited // with a status that says it was ended so
	return errors.Join(err, c.log.Close(), os.RemoveAll(c.dir))
}

// postgres returns the cluster of the run, which the first caller starts.
func (b *bench) postgres(ctx context.Context) (*cluster, error) {
	var err error
	if b.cluster == nil {
		b.say("starting PostgreSQL")
		b.cluster, err = startCluster(ctx, b.options.dir)
	}
	return b.cluster, err
}

// close ends what the whole run shares.
func (b *bench) close() error {
	if b.cluster == nil {
		return nil
	}
	return b.cluster.stop()
}
