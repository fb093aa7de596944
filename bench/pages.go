//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// commandPages measures the pages of the console on a large book of each store:
//
//	go run ./bench pages --customers 1000000 --leads 1000000
const commandPages = "pages"

// pageMedian is what the median of each page has to stay below.
const pageMedian = 100 * time.Millisecond

// pageOptions are the flags of a run over the pages.
type pageOptions struct {
	customers, leads int
	visits           int // of each page
	dir              string
}

func parsePageOptions(args []string, stderr io.Writer) (pageOptions, error) {
	var o pageOptions
	flags := flag.NewFlagSet("bench pages", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.customers, "customers", 1_000_000, "`customers` in the book")
	flags.IntVar(&o.leads, "leads", 1_000_000, "`leads` in the book")
	flags.IntVar(&o.visits, "visits", 15, "`times` that each page is asked for")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "`directory` for the data")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 || o.customers < 1 || o.leads < 1 || o.visits < 3 {
		return o, fmt.Errorf("%w: --customers and --leads must be at least 1, --visits at least 3", errUsage)
	}
	return o, nil
}

// runPages fills a book of each store, visits each page of the console as an owner, and prints the medians. It fails when
// one is not below pageMedian.
func runPages(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parsePageOptions(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "clientele-bench-")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := newBench(options{dir: o.dir}, dir, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if b.binary, err = buildClientele(ctx, dir); err != nil {
		return err
	}
	tooSlow := 0
	for _, s := range []pageStore{pagesOnSQLite, pagesOnPostgres} {
		times, err := b.measurePages(ctx, s, o)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		tooSlow += printPages(stdout, fmt.Sprintf("%s, %s customers, %s leads", s, grouped(float64(o.customers)), grouped(float64(o.leads))), times)
	}
	if tooSlow > 0 {
		return fmt.Errorf("%d pages take %v or more", tooSlow, pageMedian)
	}
	return nil
}

// pageTimes are the times that one page took.
type pageTimes struct {
	path  string
	bytes int
	took  []time.Duration
}

// printPages prints a table and returns how many pages are too slow.
func printPages(out io.Writer, title string, pages []pageTimes) (tooSlow int) {
	fmt.Fprintf(out, "\n%s\n%10s %10s %10s  %s\n", title, "median", "slowest", "KiB", "page")
	for _, p := range pages {
		slices.Sort(p.took)
		median, note := p.took[len(p.took)/2], ""
		if median >= pageMedian {
			tooSlow++
			note = "  ← too slow"
		}
		fmt.Fprintf(out, "%10s %10s %10.0f  %s%s\n", inMilliseconds(median), inMilliseconds(p.took[len(p.took)-1]),
			float64(p.bytes)/1024, p.path, note)
	}
	return tooSlow
}

func inMilliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
