//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// maxListDepth is how deep into the list the rows of an offset and of a cursor look.
const maxListDepth = 100_000

// listBook is Clientele on one SQLite book whose customers were created by DKHardware submissions, each with one
// address, before the rounds. Each measurement starts the server anew on it.
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
	s, err := c.bench.startOn(ctx, inDirectory(dir), submission())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := c.bench.fill(ctx, s, submission(), c.customers); err != nil {
		return err
	}
	if err := awaitCustomers(ctx, s, c.customers); err != nil {
		return err
	}
	if err := c.look(ctx, s); err != nil {
		return err
	}
	c.dir, c.credentials = dir, s.credentials
	return c.keepPages(ctx, s)
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
