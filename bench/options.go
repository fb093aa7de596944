//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

// options are the flags of a run.
type options struct {
	rounds          int
	seconds, warmup float64
	quick           bool
	jsonFile        string // "" is none, "-" standard output
	only            *regexp.Regexp
	books           bookSizes
	ids             string // sequential or scattered
	dir, binary     string
	overload        float64 // seconds of too much
	markdownFile    string
	maxTime         time.Duration // 0 is without end
}

const (
	idsSequential = "sequential"
	idsScattered  = "scattered"
)

// Values of --quick, chosen to keep a whole run under two minutes.
const (
	quickSeconds = 0.6
	quickWarmup  = 0.3
	quickRounds  = 1
	quickTime    = 110 * time.Second
	quickListed  = 4_000 // customers in the book that is listed
)

// minListed leaves room for a whole page at each place of the list.
const minListed = 4_000

var errUsage = errors.New("wrong usage")

// parseOptions reads the command line. A flag that is given wins over what --quick would set.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "Usage of bench:\n  bench [flags]           everything\n"+
			"  bench %s [flags]  twice of what each store can take\n"+
			"  bench %s [flags]     the pages of the console; bench %s --help has its flags\n", commandOverload, commandPages, commandPages)
		flags.PrintDefaults()
	}
	flags.IntVar(&o.rounds, "rounds", 3, "`rounds` that each contender is measured in, in turn")
	flags.Float64Var(&o.seconds, "seconds", 10, "counted `seconds` of one measurement")
	flags.Float64Var(&o.warmup, "warmup", 2, "`seconds` before the counted ones")
	flags.BoolVar(&o.quick, "quick", false, "under two minutes: one short round, no full book, not every row; for a first look only")
	flags.StringVar(&o.jsonFile, "json", "", "write every sample as JSON to this `file`, - for standard output")
	flags.StringVar(&only, "only", "", "measure only rows whose name matches this `regexp`")
	o.books = bookSizes{1_000_000}
	flags.Var(&o.books, "book", "`customers` in the full books, such as 1000000,10000000; 0 leaves them out and the lists too")
	flags.StringVar(&o.ids, "ids", idsSequential, "customer ids in `order`: sequential or scattered")
	flags.StringVar(&o.markdownFile, "markdown", "", "write the tables as Markdown to this `file`")
	flags.DurationVar(&o.maxTime, "max-time", 0, "`time` after which no measurement begins any more, such as 25m; the table then says so")
	flags.Float64Var(&o.overload, "overload", 60, "`seconds` that a server is sent twice of what it can do")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "`directory` for the data, on the disk to be measured")
	flags.StringVar(&o.binary, "binary", "", "measure this clientele `program` instead of building one")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return options{}, err
		}
		return options{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.quick {
		o.quicken(flags)
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return options{}, fmt.Errorf("%w: --only: %w", errUsage, err)
	}
	return o, o.validate(flags.NArg())
}

func (o *options) quicken(flags *flag.FlagSet) {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["rounds"] {
		o.rounds = quickRounds
	}
	if !given["seconds"] {
		o.seconds = quickSeconds
	}
	if !given["warmup"] {
		o.warmup = quickWarmup
	}
	if !given["max-time"] {
		o.maxTime = quickTime
	}
	if !given["book"] {
		o.books = nil
	}
}

// listedCustomers are in the book that is listed, so that the cursor can be at a million with as many behind it.
const listedCustomers = 2 * maxListDepth

// listed is how many customers the book has that is listed; 0 leaves the lists out, as does a book too small for them.
func (o *options) listed() int64 {
	largest := o.books.largest()
	switch {
	case o.quick && largest == 0:
		return quickListed
	case largest < minListed:
		return 0
	case largest >= maxListDepth:
		return listedCustomers
	}
	return largest
}

func (o *options) validate(arguments int) error {
	switch {
	case arguments > 0:
		return fmt.Errorf("%w: no arguments expected", errUsage)
	case o.rounds < 1:
		return fmt.Errorf("%w: --rounds must be at least 1", errUsage)
	case o.seconds <= 0 || o.warmup < 0:
		return fmt.Errorf("%w: --seconds must be positive and --warmup not negative", errUsage)
	case o.overload <= 0:
		return fmt.Errorf("%w: --overload must be positive", errUsage)
	case o.ids != idsSequential && o.ids != idsScattered:
		return fmt.Errorf("%w: --ids must be %s or %s", errUsage, idsSequential, idsScattered)
	}
	return nil
}

func (o *options) settings() settings {
	return settings{Rounds: o.rounds, Seconds: o.seconds, WarmupSeconds: o.warmup, Books: o.books, IDs: o.ids}
}
