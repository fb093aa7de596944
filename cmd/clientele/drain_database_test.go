package main

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"clientele/internal/postgres/pgtest"
)

// TestDrain_StoppedDatabase: a database that neither answers nor hangs up does not hold a server's end up for longer than the
// drain timeout and what a last try may take.
func TestDrain_StoppedDatabase(t *testing.T) {
	t.Parallel() // it waits most of the time
	cluster := pgtest.NewCluster(t, nil)
	d := newDatabase(t, cluster.New(t))
	const timeout = time.Second
	s := d.start("--drain-timeout", timeout.String())
	s.entry(d.key, `{"customerId":1,"customerPhone":"+12125550100"}`).wants(t, http.StatusCreated, createdBody)
	const body = `{"customerId":2,"customerPhone":"+12125550101"}`
	stuck := s.underWay(d.key, body)
	cluster.Pause(t)
	defer cluster.Resume(t) // else it could not be stopped
	stuck.send(body)
	s.drain()
	start := time.Now()
	s.waitExit(patience, exitOK)
	if took, most := time.Since(start), timeout+lastTries+3*time.Second; took > most {
		t.Errorf("the server took %s to end, want %s at most", took, most)
	}
}

// TestDrain_SecondSignal: who asks twice does not wait for the drain.
func TestDrain_SecondSignal(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir, "--drain-timeout", "1m")
	s.underWay(key, `{"customerId":1,"customerPhone":"1"}`)
	s.drain()
	const killed = -1
	eventually(t, patience, "the server ends", func() bool {
		_ = s.process.Process.Signal(syscall.SIGTERM) // it may have ended
		return s.hasExited()
	})
	s.waitExit(patience, killed)
}
