// Package postgres keeps the book in a PostgreSQL database, version 15 or later. Any number of servers work on one
// database, and none of them is special.
//
// Everything a transaction of writes needs goes to the server in two round trips: one reads and locks, the other writes
// and commits. What fails because of the hour and not because of the data (two transactions in each other's way, a server
// that is gone or is being replaced) is tried again for a bounded time. See Commit for what an error then means.
//
// Each table that belongs to projects is keyed by project_id, and so is each statement about it, so that Citus can spread
// the book over several database servers, project by project.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say where the book is and how it is reached. The zero value of each field but URL means its default.
type Options struct {
	// URL names the database: postgres://user:password@host:5432/name?sslmode=verify-full, or the same as keywords. Several
	// hosts with target_session_attrs=read-write find the primary, now and after a failover. What is missing comes from the
	// environment (PGHOST, PGPASSWORD, …) and from ~/.pgpass, as with psql.
	URL string
	// Lanes is how many transactions of writes may run at once; default 4. The store holds two connections more, for other
	// writes.
	Lanes int
	// Readers is how many reads may run at once, each on a connection of its own; default 8.
	Readers int
	// PgBouncer says that a PgBouncer in transaction mode stands before the database. Nothing is prepared then, and Watch
	// hears nothing.
	PgBouncer bool
	// AttemptTimeout bounds one attempt at a transaction or a read; default 5 s.
	AttemptTimeout time.Duration
	// Timeout bounds all attempts together; default 8 s, so that a caller of the intake, which waits 10 s, hears the reason.
	Timeout time.Duration
	// Log hears of what was tried again and why; nil for nobody.
	Log *slog.Logger
}

const (
	defaultLanes          = 4
	defaultReaders        = 8
	defaultAttemptTimeout = 5 * time.Second
	defaultTimeout        = 8 * time.Second
)

// otherWriters are connections for writes that do not come through a lane.
const otherWriters = 2

// Store is a book in a PostgreSQL database. Its methods may be called from any goroutine.
type Store struct {
	options   Options
	write     *pgxpool.Pool
	read      *pgxpool.Pool
	customers idSource
	addresses idSource
	leads     idSource
	// projects are the ids of projects that are known to be there.
	projects sync.Map
	// added counts the customers, leads and submissions that this store has added (see replan).
	added atomic.Int64
	// updated counts the updates of customers that this store has committed (see UpdatedCustomers).
	updated atomic.Int64
	closed  atomic.Bool
	// suspected is when the connections were renewed because nobody answered.
	suspected atomic.Pointer[time.Time]
	// erasureKey is the key of the marks of erased people, as soon as this server knows of one. It never changes.
	erasureKey atomic.Pointer[[]byte]
	// patience is how long to wait for the histories, tells when Watch was told of changes.
	patience patience
	tells    teller
	// files are the migrations, schema the version of the newest.
	files  fs.FS
	schema int64
	// watchEvery is how long Watch hears nothing before it asks whether the connection still lives.
	watchEvery time.Duration
}

// Open prepares the connections to the book. It neither connects nor migrates: the first use connects; see Migrate. An
// error says what is wrong with the options and never shows a password.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{
		options:    o,
		customers:  idSource{sequence: "customer_id_seq"},
		addresses:  idSource{sequence: "address_id_seq"},
		leads:      idSource{sequence: "lead_id_seq"},
		watchEvery: defaultWatchEvery,
		files:      MigrationFiles(),
	}
	var err error
	if s.schema, err = newestVersion(s.files); err != nil {
		return nil, fmt.Errorf("open book: %w", err)
	}
	if s.write, err = s.connect(ctx, o.Lanes+otherWriters); err == nil {
		s.read, err = s.connect(ctx, o.Readers)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open book: %w", err), s.Close())
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Lanes <= 0 {
		o.Lanes = defaultLanes
	}
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.AttemptTimeout <= 0 {
		o.AttemptTimeout = defaultAttemptTimeout
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// closeTimeout is how long Close waits: each connection whose other end does not answer takes 15 s to be given up.
const closeTimeout = 2 * time.Second

// Close waits for what is running and closes the connections, for closeTimeout at most: what is left then ends by itself.
func (s *Store) Close() error {
	s.closed.Store(true)
	var closing sync.WaitGroup
	for _, pool := range []*pgxpool.Pool{s.write, s.read} {
		if pool != nil {
			closing.Go(pool.Close)
		}
	}
	closed := make(chan struct{})
	go func() { defer close(closed); closing.Wait() }()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
	return nil
}

// Ping reports whether the book answers and its schema is one that this program can work on: a newer server may have
// changed it meanwhile.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	var compatibleFrom int64
	err := s.read.QueryRow(ctx, "SELECT compatible_from FROM schema_info").Scan(&compatibleFrom)
	if err == nil {
		err = s.compatible(compatibleFrom)
	}
	if err != nil {
		return fmt.Errorf("ping: %w", classify(err))
	}
	return nil
}

// Time returns what time the database has, which is the same for all servers of the book.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.query(ctx, "ask for the time", func(ctx context.Context, pool *pgxpool.Pool) error {
		return pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now)
	})
	if err != nil {
		return now, fmt.Errorf("ask for the time: %w", err)
	}
	return now, nil
}
