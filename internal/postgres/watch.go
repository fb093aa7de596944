package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tellWatchers tells every server's Watch, when the transaction commits, that credentials have changed, tellOfChanges that
// the history has.
const (
	tellWatchers  = "NOTIFY " + credentialsChannel
	tellOfChanges = "NOTIFY " + changesChannel
)

const (
	credentialsChannel = "clientele_credentials"
	changesChannel     = "clientele_changes"
)

// defaultWatchEvery bounds how long a connection may be dead before Watch notices.
const defaultWatchEvery = 20 * time.Second

// tellEvery is how often a server tells of changes at most. Transactions that tell commit one at a time, so not each may;
// and who was told looks again by itself soon after.
const tellEvery = 500 * time.Millisecond

// teller says when it is time to tell of changes.
type teller struct{ last atomic.Int64 }

// now reports whether it is time, to one caller of those that ask at once.
func (t *teller) now() bool {
	now, last := time.Now().UnixNano(), t.last.Load()
	return time.Duration(now-last) >= tellEvery && t.last.CompareAndSwap(last, now)
}

// Watch calls credentials whenever any server has changed a credential, changes when one has appended to the history, and
// both after each time that it could not hear for a while, its beginning included, until ctx is done. Of many changes at
// once it tells now and then only: who listens looks after them for a moment. It holds one connection, and reconnects by
// itself. Behind PgBouncer it hears nothing: what is remembered of credentials must age by itself there.
func (s *Store) Watch(ctx context.Context, credentials, changes func()) {
	if s.options.PgBouncer {
		<-ctx.Done()
		return
	}
	on := map[string]func(){credentialsChannel: credentials, changesChannel: changes}
	for n := 0; ctx.Err() == nil; n++ {
		heard, err := s.listen(ctx, on)
		if ctx.Err() != nil {
			return
		}
		if heard {
			n = 0
		}
		s.options.Log.Warn("other servers are not heard for the moment", "cause", err.Error())
		pause(ctx, n)
	}
}

// listen calls all of on at the beginning, and that of its channel with each notification, until the connection fails. It
// reports whether it ever heard.
func (s *Store) listen(ctx context.Context, on map[string]func()) (heard bool, err error) {
	conn, err := s.connectOnce(ctx)
	if err != nil {
		return false, err
	}
	defer s.hangUp(ctx, conn)
	for _, call := range on {
		call() // whatever there was until now was not heard
	}
	for {
		waitCtx, cancel := context.WithTimeout(ctx, s.watchEvery)
		heard, err := conn.WaitForNotification(waitCtx)
		cancel()
		switch {
		case err == nil:
			on[heard.Channel]()
		case ctx.Err() != nil || !pgconn.Timeout(err):
			return true, fmt.Errorf("wait for notifications: %w", err)
		default: // a long silence: of nobody, or of a dead connection?
			if err := s.pingConn(ctx, conn); err != nil {
				return true, fmt.Errorf("wait for notifications: %w", err)
			}
		}
	}
}

// connectOnce returns a new connection that listens.
func (s *Store) connectOnce(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.read.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	for _, channel := range []string{credentialsChannel, changesChannel} {
		if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
			return nil, errors.Join(err, conn.Close(ctx))
		}
	}
	return conn, nil
}

func (s *Store) pingConn(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	return conn.Ping(ctx)
}

// hangUp closes a connection that may be dead.
func (s *Store) hangUp(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = conn.Close(ctx)
}
