// Package config holds every setting of the program: its flag, its environment variable, its default and what it means.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"clientele"

	"github.com/alecthomas/kong"
)

// EnvPrefix begins the environment variable of every flag: --data-dir is CLIENTELE_DATA_DIR.
const EnvPrefix = "CLIENTELE"

// Book says where the book is. Every command takes it.
type Book struct {
	DataDir     string `help:"Directory of the embedded book, SQLite (default ${default})." default:"clientele-data" type:"path" placeholder:"DIR"`
	DatabaseURL string `help:"PostgreSQL database that holds the book, instead of a directory: postgres://user@host/name. Several hosts and target_session_attrs=read-write find the primary after a failover. Put a password into the environment variable or into ~/.pgpass." name:"database-url" placeholder:"URL"`
	PgBouncer   bool   `help:"A PgBouncer in transaction mode stands before the database: prepare nothing, listen for nothing." name:"pgbouncer"`
}

// AfterApply is called by the parser, after what the command itself has for validation. Of two places on one command line nobody
// can tell which one was meant; the environment and a file may well name both, and a place on the command line goes before them.
func (b *Book) AfterApply(line *kong.Context) error {
	given := map[string]bool{}
	for _, p := range line.Path {
		if p.Flag != nil && !p.Resolved {
			given[p.Flag.Name] = true
		}
	}
	switch {
	case given["data-dir"] && given["database-url"]:
		return errors.New("--data-dir and --database-url are two places for a book: take one")
	case given["data-dir"] && (given["pgbouncer"] && b.PgBouncer || given["citus"]):
		return errNoDatabase
	case given["data-dir"]:
		b.DatabaseURL, b.PgBouncer = "", false
	}
	if b.DataDir == "" && b.DatabaseURL == "" {
		return errors.New("--data-dir must name a directory")
	}
	return nil
}

// errNoDatabase is how settings of a database are refused for a book in a directory.
var errNoDatabase = errors.New("--pgbouncer and --citus are about a database: name it with --database-url, or do without them")

// Serve are the settings of the server.
type Serve struct {
	Book
	TLS
	Listen            string         `help:"Address to serve on; port 0 takes a free one (default ${default})." default:"127.0.0.1:8080" placeholder:"ADDR"`
	MetricsListen     string         `help:"Address to serve /metrics on, instead of the main one." placeholder:"ADDR"`
	CORSOrigin        []string       `help:"Origin whose pages may call the partner APIs from a browser, such as https://shop.example.com; repeatable." name:"cors-origin" placeholder:"ORIGIN"`
	LogFormat         string         `help:"Form of the log on standard error: json, text, or auto (text on a terminal)." enum:"auto,json,text" default:"auto"`
	LogLevel          string         `help:"Least severe level that is logged: debug, info, warn or error; one line per request is info." enum:"debug,info,warn,error" default:"info"`
	DrainTimeout      time.Duration  `help:"How long requests under way may take after SIGTERM (default ${default})." default:"15s" placeholder:"TIME"`
	MaxWaiting        int            `help:"Writes that may wait for a commit; one more is answered 503 at once (default ${default})." default:"4096" placeholder:"N"`
	MaxBatch          int            `help:"Writes that one transaction takes (default ${default})." default:"512" placeholder:"N"`
	Lanes             int            `help:"Transactions of writes that run at once, on PostgreSQL (default ${default})." default:"4" placeholder:"N"`
	Citus             bool           `help:"The database is distributed by Citus: a transaction of writes is about one project, on one node."`
	TrustedProxy      []netip.Prefix `help:"Address or network of reverse proxies whose X-Forwarded-For is believed about a caller's address, such as 10.0.0.0/8; repeatable." placeholder:"NETWORK"`
	OIDCIssuer        string         `help:"OpenID Connect issuer whose access tokens are accepted besides ours (DKHardware); a token's client is the credential with that client_id." name:"oidc-issuer" placeholder:"URL"`
	OIDCAudience      string         `help:"What such a token must be meant for (default ${default})." name:"oidc-audience" default:"clientele" placeholder:"NAME"`
	KeepSubmissions   time.Duration  `help:"How long finished submissions can be asked for (default ${default})." default:"30d" placeholder:"TIME"`
	KeepVisitors      time.Duration  `help:"How long the address and browser of a visitor who clicked are kept (default ${default})." default:"90d" placeholder:"TIME"`
	KeepDeliveries    time.Duration  `help:"How long deliveries of events and their attempts are kept, and events for a disabled subscription (default ${default})." default:"30d" placeholder:"TIME"`
	KeepRefusals      time.Duration  `help:"How long calls that were refused are kept, with what was sent (default ${default})." default:"7d" placeholder:"TIME"`
	KeepCustomers     time.Duration  `help:"Erase customers that have not changed for so long; 0 keeps them as long as the book (default ${default})." default:"0" placeholder:"TIME"`
	KeepErasureMarks  time.Duration  `help:"How long it is noticed when an erased customer is sent again (default ${default}, 2 years)." default:"730d" placeholder:"TIME"`
	KeepAudit         time.Duration  `help:"How long the log of what operators did is kept (default ${default})." default:"400d" placeholder:"TIME"`
	WebhookProxy      *url.URL       `help:"Proxy through which events are sent; without it the environment's proxies are not used." name:"webhook-proxy" placeholder:"URL"`
	AllowLoopbackHTTP bool           `help:"For development: let subscriptions name receivers on this machine, by plain http too." name:"allow-loopback-http"`
	Demo              bool           `help:"Serve a made-up book from its own directory, on loopback only, with the credentials that the partner documents print."`
}

// Validate is called by the parser.
func (s *Serve) Validate() error {
	if err := s.TLS.check(); err != nil {
		return err
	}
	if err := s.checkAddresses(); err != nil {
		return err
	}
	if err := s.checkURLs(); err != nil {
		return err
	}
	switch {
	case s.DatabaseURL == "" && (s.PgBouncer || s.Citus):
		return errNoDatabase
	case s.MaxWaiting < 1:
		return fmt.Errorf("--max-waiting must be at least 1")
	case s.MaxBatch < 1 || s.MaxBatch > 10_000:
		return fmt.Errorf("--max-batch must be between 1 and 10000")
	case s.Lanes < 1 || s.Lanes > 100:
		return fmt.Errorf("--lanes must be between 1 and 100")
	case min(s.KeepSubmissions, s.KeepVisitors, s.KeepDeliveries, s.KeepRefusals, s.KeepAudit) < time.Hour:
		return fmt.Errorf("--keep-submissions, --keep-visitors, --keep-deliveries, --keep-refusals and --keep-audit must be at least 1h")
	case s.KeepErasureMarks < clientele.MaxIdempotencyAge:
		return fmt.Errorf("--keep-erasure-marks must be at least %s", clientele.MaxIdempotencyAge)
	case s.KeepCustomers != 0 && s.KeepCustomers < max(s.KeepSubmissions, s.KeepDeliveries, s.KeepRefusals, clientele.MaxIdempotencyAge):
		return fmt.Errorf("--keep-customers must be 0, or at least as long as --keep-submissions, --keep-deliveries and --keep-refusals: what tells of a customer must be gone before")
	case s.DrainTimeout < 0:
		return fmt.Errorf("--drain-timeout must not be negative")
	}
	return nil
}

// Parser returns the command line of cli, a pointer to a struct of commands. A flag goes before its environment variable,
// which goes before the file named by --config, which goes before the default. --data-dir goes so before --database-url, too.
func Parser(cli any, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(cli, slices.Concat(readers(), []kong.Option{
		kong.DefaultEnvars(EnvPrefix),
		kong.Configuration(loadFile),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}, options)...)
}
