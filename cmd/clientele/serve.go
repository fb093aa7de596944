package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/config"
	"clientele/internal/dialect/onlinewerkrooster"
	"clientele/internal/dialect/opm"
	"clientele/internal/httpd"
	"clientele/internal/intake"
	"clientele/internal/sqlite"
)

type serveCommand struct {
	config.Serve
}

// Run serves until ctx is done, drains, and returns.
func (c *serveCommand) Run(ctx context.Context, std streams) (err error) {
	if c.Demo {
		if err := c.prepareDemo(); err != nil {
			return err
		}
	}
	logs := httpd.NewLogWriter(std.err)
	defer logs.Close()
	lock, err := sqlite.LockDir(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	s, err := openStore(ctx, c.Book)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, _, err := s.Migrate(ctx); err != nil {
		return err
	}
	return c.serve(ctx, s, newLog(&c.Serve, logs, std.err), std.out)
}

// serve puts the rooms together and serves the book until ctx is done.
func (c *serveCommand) serve(ctx context.Context, s store, log *slog.Logger, out io.Writer) error {
	var line *intake.Intake
	metrics := httpd.NewMetrics(version, func() int { return line.Waiting() })
	line = intake.New(s, intake.Options{MaxWaiting: c.MaxWaiting, MaxBatch: c.MaxBatch, OnCommit: metrics.ObserveCommit})
	guard := access.New(s, time.Now)
	customers := book.New(line, time.Now)
	if c.Demo {
		if err := fillDemo(ctx, s, customers, out); err != nil {
			return err
		}
	}
	health := &httpd.Health{Ping: s.Ping}
	servers, err := c.listen(log, metrics, health, []api{
		opm.New(guard, customers),
		onlinewerkrooster.New(guard, customers, s),
	})
	if err == nil {
		err = c.announce(ctx, s, servers[0].URL(), out)
	}
	if err == nil {
		stop := startDuties(ctx, log, guard, s)
		err = waitForEnd(ctx, servers)
		stop()
	}
	health.Drain()
	log.Info("draining", "timeout", c.DrainTimeout.String())
	return errors.Join(err, c.drain(servers, line, guard))
}

// waitForEnd returns nil when ctx is done, or why a listener failed before.
func waitForEnd(ctx context.Context, servers []*httpd.Server) error {
	failed := make(chan error, len(servers))
	for _, s := range servers {
		go func() { failed <- <-s.Failed() }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	}
}

// drain answers what is under way and then ends the rooms, within the time the operator gave.
func (c *serveCommand) drain(servers []*httpd.Server, line *intake.Intake, guard *access.Access) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.DrainTimeout)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if s != nil {
			errs = append(errs, s.Shutdown(ctx))
		}
	}
	errs = append(errs, line.Close(ctx), guard.RecordUse(context.WithoutCancel(ctx)), guard.Close(context.WithoutCancel(ctx)))
	return errors.Join(errs...)
}
