//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// maxListDepth is how deep into the list the rows of an offset and of a cursor look.
const maxListDepth = 1_000_000

// listBook is Clientele on one SQLite book whose customers were loaded before the rounds, each with one address. Each measurement starts the server anew on it.
type listBook struct {
	bench       *bench
	customers   int64
	dir         string            // "" until filled
	credentials map[string]string // with a cursor, and the bounds of a window, besides
	pages       map[int]string    // files with the first page, by its length
}

// depth is where the rows of an offset and of a cursor look.
func (c *listBook) depth() int64 { return min(maxListDepth, c.customers/2) }

func (c *listBook) prepare(ctx context.Context) (err error) {
	if c.dir != "" {
		return nil
	}
	dir, err := os.MkdirTemp(c.bench.dir, "list-book-")
	if err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	c.bench.say("filling the book that is listed: %s customers", grouped(float64(c.customers)))
	credentials, err := c.bench.createProject(ctx, inDirectory(dir), dialectDKHardware)
	if err != nil {
		return err
	}
	if err := errors.Join(c.bench.load(ctx, inDirectory(dir), c.customers, listedColumns, listedLine), c.bench.follow(ctx, dir)); err != nil {
		return err
	}
	s, err := c.bench.serve(ctx, inDirectory(dir), credentials)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := fetchToken(ctx, s); err != nil {
		return err
	}
	if err := c.look(ctx, s); err != nil {
		return err
	}
	c.dir, c.credentials = dir, s.credentials
	return c.keepPages(ctx, s)
}

const listedColumns = "first_name,last_name,email,phone,address_first_name,address_last_name,address_zip,address_country,address_state," +
	"address_city,address_line1,address_phone,external_id\n"

// listedLine is the customer of the DKHardware document's example, as a submission would make it.
func listedLine(w io.Writer, n, id int64) {
	fmt.Fprintf(w, "Some,Person%04d,c%010d@example.com,14562356,Some,Person,80911,United States,CO,Colorado Springs,55 Some St,56235776,%d\n",
		id%10_000, n, id)
}

var cursorInLink = regexp.MustCompile(`[?&]cursor=([^&>]+)`)

// look finds the cursor at the depth, and the dates of a window in the middle of the list.
func (c *listBook) look(ctx context.Context, s *server) error {
	_, header, err := fetchPage(ctx, s, fmt.Sprintf("limit=1&offset=%d", c.depth()-1))
	if err != nil {
		return err
	}
	found := cursorInLink.FindStringSubmatch(header.Get("Link"))
	if found == nil {
		return fmt.Errorf("no cursor in the Link header %q", header.Get("Link"))
	}
	s.credentials["cursor"] = found[1]
	for name, offset := range map[string]int64{"to": c.customers / 4, "from": c.customers * 3 / 4} {
		page, _, err := fetchPage(ctx, s, fmt.Sprintf("limit=1&offset=%d", offset))
		if err != nil || len(page.Payload) != 1 {
			return errors.Join(fmt.Errorf("no customer at offset %d", offset), err)
		}
		s.credentials[name] = url.QueryEscape(time.Time(page.Payload[0].UpdatedAt).Format(listTimeLayout))
	}
	return nil
}

// keepPages writes the first pages to files, for the bare server.
func (c *listBook) keepPages(ctx context.Context, s *server) error {
	c.pages = map[int]string{}
	for _, length := range listLengths {
		w := list(length, "")
		_, body, err := exchange(ctx, s.child.address, parseTemplate(requestText(w, s.child.address, s.credentials), nil).bytes)
		if err != nil {
			return fmt.Errorf("keep page: %w", err)
		}
		c.pages[length] = filepath.Join(c.dir, fmt.Sprintf("page-%d.json", length))
		if err := os.WriteFile(c.pages[length], body, 0o600); err != nil {
			return fmt.Errorf("keep page: %w", err)
		}
	}
	return nil
}

func (c *listBook) start(ctx context.Context, w workload) (*server, error) {
	s, err := c.bench.serve(ctx, inDirectory(c.dir), c.credentials)
	if err != nil {
		return nil, err
	}
	if err := w.fit(ctx, s); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// bareList is the contender that serveBareList serves.
type bareList struct {
	book   *listBook
	length int
}

func (c bareList) prepare(ctx context.Context) error { return c.book.prepare(ctx) }

func (c bareList) start(ctx context.Context, _ workload) (*server, error) {
	child, err := startChild(ctx, c.book.bench.self, commandBareList, c.book.pages[c.length])
	if err != nil {
		return nil, err
	}
	return &server{child: child, credentials: c.book.credentials}, nil
}
