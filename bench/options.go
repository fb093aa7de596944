//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
)

// options are the flags of a run.
type options struct {
	rounds          int
	seconds, warmup float64
	quick           bool
	jsonFile        string // "" is none, "-" standard output
	only            *regexp.Regexp
	book            int64
	ids             string // sequential or scattered
	dir, binary     string
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
	flags.IntVar(&o.rounds, "rounds", 3, "`rounds` that each contender is measured in, in turn")
	flags.Float64Var(&o.seconds, "seconds", 10, "counted `seconds` of one measurement")
	flags.Float64Var(&o.warmup, "warmup", 2, "`seconds` before the counted ones")
	flags.BoolVar(&o.quick, "quick", false, "under two minutes: one short round, no full book, not every row; for a first look only")
	flags.StringVar(&o.jsonFile, "json", "", "write every sample as JSON to this `file`, - for standard output")
	flags.StringVar(&only, "only", "", "measure only rows whose name matches this `regexp`")
	flags.Int64Var(&o.book, "book", 1_000_000, "`customers` in the full book and in the listed one, 0 to leave both out")
	flags.StringVar(&o.ids, "ids", idsSequential, "customer ids in `order`: sequential or scattered")
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
	if !given["book"] {
		o.book = 0
	}
}

// listed is how many customers the book has that is listed; 0 leaves the lists out, as does a book too small for them.
func (o *options) listed() int64 {
	if o.quick && o.book == 0 {
		return quickListed
	}
	if o.book < minListed {
		return 0
	}
	return o.book
}

func (o *options) validate(arguments int) error {
	switch {
	case arguments > 0:
		return fmt.Errorf("%w: no arguments expected", errUsage)
	case o.rounds < 1:
		return fmt.Errorf("%w: --rounds must be at least 1", errUsage)
	case o.seconds <= 0 || o.warmup < 0:
		return fmt.Errorf("%w: --seconds must be positive and --warmup not negative", errUsage)
	case o.book < 0 || o.book > idSpace/2:
		return fmt.Errorf("%w: --book must be between 0 and %d", errUsage, idSpace/2)
	case o.ids != idsSequential && o.ids != idsScattered:
		return fmt.Errorf("%w: --ids must be %s or %s", errUsage, idsSequential, idsScattered)
	}
	return nil
}

func (o *options) settings() settings {
	return settings{Rounds: o.rounds, Seconds: o.seconds, WarmupSeconds: o.warmup, Book: o.book, IDs: o.ids}
}
