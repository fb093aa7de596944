package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tellWatchers tells every server's Watch, when the transaction commits, that credentials have changed.
const tellWatchers = "NOTIFY clientele_credentials"

// defaultWatchEvery bounds how long a connection may be dead before Watch notices.
const defaultWatchEvery = 20 * time.Second

// Watch calls changed whenever any server has changed a credential, and after each time that it could not hear for a
// while, its beginning included, until ctx is done. It holds one connection, and reconnects by itself. Behind PgBouncer
// it hears nothing: what is remembered of credentials must age by itself there.
func (s *Store) Watch(ctx context.Context, changed func()) {
	if s.options.PgBouncer {
		<-ctx.Done()
		return
	}
	for n := 0; ctx.Err() == nil; n++ {
		heard, err := s.listen(ctx, changed)
		if ctx.Err() != nil {
			return
		}
		if heard {
			n = 0
		}
		s.options.Log.Warn("changes of credentials are not heard for the moment", "cause", err.Error())
		pause(ctx, n)
	}
}

// listen calls changed at the beginning and with each notification until the connection fails. It reports whether it
// ever heard.
func (s *Store) listen(ctx context.Context, changed func()) (heard bool, err error) {
	conn, err := s.connectOnce(ctx)
	if err != nil {
		return false, err
	}
	defer s.hangUp(ctx, conn)
	changed() // whatever there was until now was not heard
	for {
		waitCtx, cancel := context.WithTimeout(ctx, s.watchEvery)
		_, err := conn.WaitForNotification(waitCtx)
		cancel()
		switch {
		case err == nil:
			changed()
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
	if _, err := conn.Exec(ctx, "LISTEN clientele_credentials"); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
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
