// Command clientele is the front door for partner customer data: four partner APIs in front, one book of customers and
// leads behind. See the README, and clientele --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones of projects, on machines without a zone database

	"clientele"
	"clientele/internal/config"

	"github.com/alecthomas/kong"
)

// version is set when the program is built: -ldflags "-X main.version=…".
var version = "dev"

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// cli is the command line: one field per command, one file per command.
type cli struct {
	Config kong.ConfigFlag `help:"JSON file of settings: flag names without dashes, and values." placeholder:"FILE"`

	Serve   serveCommand   `cmd:"" help:"Serve the partner APIs."`
	Project projectCommand `cmd:"" help:"Create and list projects: isolated books."`
	Key     keyCommand     `cmd:"" help:"Issue, list, revoke and rotate partners' credentials."`

	SigningKey signingKeyCommand `cmd:"" help:"Change the key that access tokens are signed with (DKHardware)."`

	Campaign  campaignCommand  `cmd:"" help:"Create, list, pause and resume campaigns (Prime Lead)."`
	Publisher publisherCommand `cmd:"" help:"Create, list, pause and resume publishers (Prime Lead)."`

	Subscription subscriptionCommand `cmd:"" help:"Create, list, test, enable, disable, rotate and delete subscriptions to events."`
	Delivery     deliveryCommand     `cmd:"" help:"List, show and resend deliveries of events."`

	Operator operatorCommand `cmd:"" help:"Create, list, reset, disable and enable operators, who log in to the console, and set their roles."`

	Customer customerCommand `cmd:"" help:"Everything about one customer, for the person who asks for it."`

	Import  importCommand  `cmd:"" help:"Load customers from a CSV or NDJSON file: new ones are created, known ones updated."`
	Migrate migrateCommand `cmd:"" help:"Bring the book's schema up to date, or show its version."`
	Backup  backupCommand  `cmd:"" help:"Copy the embedded book into a file, also while it is served."`
	Verify  verifyCommand  `cmd:"" help:"Check that a book is whole: histories, keys, references, counts. It only reads, also while it is served."`
	Copy    copyCommand    `cmd:"" help:"Copy a book from a directory into a database, or back, and compare both."`
	Version versionCommand `cmd:"" help:"Show the program's version."`
}

// streams are the standard streams of a command.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	status := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(status)
}

// run carries out one command line and returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	exit := -1
	parser, err := config.Parser(&cli{},
		kong.Name("clientele"), kong.Description("The front door for partner customer data."),
		kong.Writers(std.out, std.err), kong.Exit(func(status int) { exit = status }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std),
	)
	if err != nil {
		fmt.Fprintf(std.err, "clientele: %v\n", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case exit >= 0: // --help
		return exit
	case err != nil:
		fmt.Fprintf(std.err, "clientele: %v\nRun clientele --help, or --help after a command, to see what it takes.\n", err)
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(std.err, "clientele: %s\n", explain(err))
		if errors.Is(err, errUsage) || clientele.KindOf(err) == clientele.KindInvalid {
			return exitUsage
		}
		return exitFailed
	}
	return exitOK
}

// errUsage marks an error in how a command was called that only the command itself could see.
var errUsage = errors.New("wrong usage")
