//go:build linux

package main

import "os"

// meter reads what the processes use between two moments.
type meter struct {
	server           int // process id; 0 is none
	database         int // process id of a PostgreSQL; 0 is none
	receiver         int // process id of who is sent events; 0 is none
	started, stopped bool
	beganAt          int64

	seconds float64
	used    processorTime // until stop what it was at the start, then cores on average
	rss     int64
}

// processorTime is in seconds used, or in cores when divided by a time.
type processorTime struct{ own, server, database, receiver, machine float64 }

// others is what the rest of the machine used, kernel threads and interrupts included. The clocks tick at
// different moments, so a small negative number is none.
func (t processorTime) others() float64 {
	return max(t.machine-t.own-t.server-t.database-t.receiver, 0)
}

func (m *meter) start(now int64) (err error) {
	m.started, m.beganAt = true, now
	m.used, err = m.read()
	return err
}

func (m *meter) stop(now int64) error {
	after, err := m.read()
	if err != nil {
		return err
	}
	m.stopped = true
	m.seconds = float64(now-m.beganAt) / 1e9
	m.used.own = (after.own - m.used.own) / m.seconds
	m.used.server = (after.server - m.used.server) / m.seconds
	m.used.database = (after.database - m.used.database) / m.seconds
	m.used.receiver = (after.receiver - m.used.receiver) / m.seconds
	m.used.machine = (after.machine - m.used.machine) / m.seconds
	if m.server != 0 {
		m.rss, err = residentBytes(m.server)
	}
	return err
}

func (m *meter) read() (t processorTime, err error) {
	if t.own, err = cpuSeconds(os.Getpid()); err != nil {
		return t, err
	}
	if t.machine, err = busySeconds(); err != nil {
		return t, err
	}
	if m.database != 0 {
		if t.database, err = familySeconds(m.database); err != nil {
			return t, err
		}
	}
	if m.receiver != 0 {
		if t.receiver, err = cpuSeconds(m.receiver); err != nil {
			return t, err
		}
	}
	if m.server != 0 {
		t.server, err = cpuSeconds(m.server)
	}
	return t, err
}
