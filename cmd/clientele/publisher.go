package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"clientele"
	"clientele/internal/config"

	"github.com/google/uuid"
)

type publisherCommand struct {
	Create publisherCreate `cmd:"" help:"Create a publisher, who brings visitors to campaigns of any project."`
	List   publisherList   `cmd:"" help:"List the publishers."`
	Pause  publisherPause  `cmd:"" help:"Refuse clicks and registrations of a publisher; takes effect within five seconds."`
	Resume publisherResume `cmd:"" help:"Take clicks and registrations of a paused publisher again."`
}

// publisherJSON is a publisher as the commands print it.
type publisherJSON struct {
	ID        int64  `json:"id"`
	UUID      string `json:"uuid"`
	Name      string `json:"name"`
	State     string `json:"state"`
	CreatedAt string `json:"createdAt"`
	PausedAt  string `json:"pausedAt,omitzero"`
}

func publisherOutput(p clientele.Publisher) publisherJSON {
	return publisherJSON{p.ID, p.UUID, p.Name, stateOf(p.PausedAt), stamp(p.CreatedAt), stamp(p.PausedAt)}
}

type publisherCreate struct {
	config.Book
	Name string `help:"Name, 1 to 100 characters." required:"" placeholder:"N"`
	JSON bool   `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *publisherCreate) Validate() error {
	c.Name = strings.TrimSpace(c.Name)
	if err := clientele.CheckName(c.Name); err != nil {
		return errors.New(explain(err))
	}
	return nil
}

// Run creates the publisher.
func (c *publisherCreate) Run(ctx context.Context, std streams) error {
	return withStore(ctx, c.Book, func(s store) error {
		p, err := s.CreatePublisher(ctx, clientele.Publisher{
			UUID: uuid.NewString(), Name: c.Name, CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, publisherOutput(p))
		}
		_, err = fmt.Fprintf(std.out, "Created publisher %d %q: %s\nIts links are /click/CAMPAIGN-UUID/%s: clientele campaign list\n",
			p.ID, p.Name, p.UUID, p.UUID)
		return err
	})
}

type publisherList struct {
	config.Book
	JSON bool `help:"Print one JSON object."`
}

// Run lists the publishers.
func (c *publisherList) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		publishers, err := s.ListPublishers(ctx)
		if err != nil {
			return err
		}
		list := make([]publisherJSON, len(publishers))
		rows := make([]string, len(publishers))
		for i, one := range publishers {
			o := publisherOutput(one)
			list[i] = o
			rows[i] = fmt.Sprintf("%d\t%s\t%s\t%s", o.ID, o.Name, o.UUID, o.State)
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Publishers []publisherJSON `json:"publishers"`
			}{list})
		}
		return printTable(std.out, "ID\tNAME\tUUID\tSTATE", rows)
	})
}

type publisherPause struct {
	config.Book
	ID   string `arg:"" name:"id" help:"The publisher's id or UUID, as publisher list shows them."`
	JSON bool   `help:"Print one JSON object."`
}

// Run pauses the publisher.
func (c *publisherPause) Run(ctx context.Context, std streams) error {
	return pausePublisher(ctx, c.Book, c.ID, time.Now(), printState(std, c.JSON, "Publisher"))
}

type publisherResume struct {
	config.Book
	ID   string `arg:"" name:"id" help:"The publisher's id or UUID, as publisher list shows them."`
	JSON bool   `help:"Print one JSON object."`
}

// Run resumes the publisher.
func (c *publisherResume) Run(ctx context.Context, std streams) error {
	return pausePublisher(ctx, c.Book, c.ID, time.Time{}, printState(std, c.JSON, "Publisher"))
}

// pausePublisher pauses the publisher that id names, or resumes it at the zero time.
func pausePublisher(ctx context.Context, where config.Book, id string, at time.Time, done func(int64, string) error) error {
	return withBook(ctx, where, func(s store) error {
		publishers, err := s.ListPublishers(ctx)
		if err != nil {
			return err
		}
		for _, p := range publishers {
			if names(id, p.ID, p.UUID) {
				if err := s.PausePublisher(ctx, p.ID, at); err != nil {
					return err
				}
				return done(p.ID, stateOf(at))
			}
		}
		return clientele.Errorf(clientele.KindNotFound, "there is no publisher %s", id)
	})
}
