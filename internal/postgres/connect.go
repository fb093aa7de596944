package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectTimeout bounds the connection to one host where the URL has no connect_timeout of its own, so that an attempt
// has time for the next host when the first is gone.
const connectTimeout = 2 * time.Second

// sessionSettings let the server end what a client left behind that died or lost its network, and with it the locks it
// holds: a transaction in which nobody speaks, and a connection whose other end does not answer.
var sessionSettings = map[string]string{
	"idle_in_transaction_session_timeout": idleInTransaction,
	"tcp_keepalives_idle":                 "10",
	"tcp_keepalives_interval":             "5",
	"tcp_keepalives_count":                "3",
}

// idleInTransaction is longer than an attempt: by then the client has given up.
const idleInTransaction = "10s"

// connect returns a pool of connections.
func (s *Store) connect(ctx context.Context, connections int) (*pgxpool.Pool, error) {
	c, err := parseURL(s.options.URL)
	if err != nil {
		return nil, err
	}
	c.MaxConns = int32(min(connections, 10_000))
	if c.PingTimeout == 0 {
		c.PingTimeout = connectTimeout // else a connection that lies idle and is dead keeps its place for a minute
	}
	cc := c.ConnConfig
	if cc.ConnectTimeout == 0 {
		cc.ConnectTimeout = connectTimeout
	}
	s.options.setSession(cc)
	c.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		registerTypes(conn.TypeMap())
		return nil
	}
	if !s.options.PgBouncer {
		c.PrepareConn = s.replan
	}
	return pgxpool.NewWithConfig(ctx, c)
}

func (o *Options) setSession(cc *pgx.ConnConfig) {
	settings := map[string]string{"application_name": "clientele"}
	if o.PgBouncer {
		// A server connection serves a transaction and then somebody else: nothing may be left on it. PgBouncer refuses
		// the settings below at the start of a session, and has settings of its own for the same ends.
		cc.DefaultQueryExecMode = pgx.QueryExecModeExec
		cc.StatementCacheCapacity, cc.DescriptionCacheCapacity = 0, 0
	} else {
		for name, value := range sessionSettings {
			settings[name] = value
		}
	}
	for name, value := range settings {
		if _, stated := cc.RuntimeParams[name]; !stated {
			cc.RuntimeParams[name] = value
		}
	}
}

// registerTypes lets the package's own types be arguments where no statement was prepared, and makes times UTC.
func registerTypes(m *pgtype.Map) {
	registerArrays(m)
	m.RegisterDefaultPgType(texts{}, "_text")
	m.RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
}

// errURL stands for whatever is wrong with a URL that cannot be taken apart: any piece of it may belong to a password.
var errURL = errors.New("the database URL is not understood; it looks like " +
	"postgres://user:password@host:5432/name?sslmode=verify-full, with special characters written as %XX")

// parseURL reads the URL. The driver's errors quote it with the password masked as well as may be; ours quote only a URL
// that has none.
func parseURL(text string) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(text)
	if err == nil {
		return c, nil
	}
	u, parseErr := url.Parse(text)
	if parseErr != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errURL
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	query := u.Query()
	query.Del("password")
	query.Del("sslpassword")
	u.RawQuery = query.Encode()
	if _, err := pgxpool.ParseConfig(u.String()); err != nil {
		return nil, fmt.Errorf("the database URL: %s", err.Error())
	}
	return nil, errURL
}
