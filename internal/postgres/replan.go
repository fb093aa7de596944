package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// A prepared statement keeps the plan that was best for the tables as they were. In an empty table every index is as good
// as any other, and a plan that reads the wrong one is harmless; a minute later it reads a million entries for each key,
// until autovacuum comes round to look at the table and all plans are made anew. A new book that is being filled cannot
// wait for that.

const (
	// replanGrowth is how many rows this store adds before a connection's first plans are made anew. From that size on, the
	// planner tells the indexes apart even when it knows nothing of their contents.
	replanGrowth = 500
	// replanEvery is how old plans become at most, for the tables may also grow by the hands of other servers.
	replanEvery = 10 * time.Second
)

// planned says when the plans of a connection were made anew, and how much the store had added then.
type planned struct {
	added int64
	at    time.Time
}

const plannedKey = "clientele planned"

// replan is called before a connection is used. It drops the plans of its prepared statements when the book may have grown
// much since they were made.
func (s *Store) replan(ctx context.Context, conn *pgx.Conn) (usable bool, err error) {
	data := conn.PgConn().CustomData()
	now := planned{added: s.added.Load(), at: time.Now()}
	last, known := data[plannedKey].(planned)
	if known && now.added < 2*last.added+replanGrowth && now.at.Sub(last.at) < replanEvery {
		return true, nil
	}
	if known {
		if _, err := conn.Exec(ctx, "DISCARD PLANS"); err != nil {
			return false, nil //nolint:nilerr // the pool takes another connection
		}
	}
	data[plannedKey] = now
	return true, nil
}
