//go:build linux

package main

import (
	"context"
	"errors"
)

// clientelePostgres is Clientele on a database of its own, empty at each start but for a pool of customers when the
// workload updates.
type clientelePostgres struct{ bench *bench }

func (c clientelePostgres) prepare(ctx context.Context) error {
	_, err := c.bench.postgres(ctx)
	return err
}

func (c clientelePostgres) start(ctx context.Context, w workload) (*server, error) {
	cluster, err := c.bench.postgres(ctx)
	if err != nil {
		return nil, err
	}
	database, drop, err := cluster.createDatabase(ctx)
	if err != nil {
		return nil, err
	}
	s, err := c.bench.startOn(ctx, place{"--database-url", cluster.url(database)}, w)
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	s.database, s.cleanUp = cluster.command.Process.Pid, drop
	return s, nil
}
