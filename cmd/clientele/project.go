package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/config"
)

type projectCommand struct {
	Create projectCreate `cmd:"" help:"Create a project."`
	List   projectList   `cmd:"" help:"List the projects."`
}

// projectJSON is a project as the commands print it.
type projectJSON struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	TimeZone  string `json:"timeZone"`
	CreatedAt string `json:"createdAt"`
}

func projectOutput(p clientele.Project) projectJSON {
	return projectJSON{p.ID, p.Name, p.TimeZone, stamp(p.CreatedAt)}
}

type projectCreate struct {
	config.Book
	Name     string `arg:"" help:"Name, unique, 1 to 100 characters."`
	TimeZone string `help:"IANA time zone in which dates without a zone are meant, for Prime Lead (default ${default})." default:"Europe/Warsaw" placeholder:"ZONE"`
	JSON     bool   `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *projectCreate) Validate() error {
	c.Name = strings.TrimSpace(c.Name)
	if err := clientele.CheckName(c.Name); err != nil {
		return errors.New(explain(err))
	}
	if err := clientele.CheckTimeZone(c.TimeZone); err != nil {
		return errors.New(explain(err))
	}
	return nil
}

// Run creates the project.
func (c *projectCreate) Run(ctx context.Context, std streams) error {
	return withStore(ctx, c.Book, func(s store) error {
		p, err := s.CreateProject(ctx, clientele.Project{
			Name: c.Name, TimeZone: c.TimeZone, CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, projectOutput(p))
		}
		_, hint, flag := whereabouts(c.Book)
		_, err = fmt.Fprintf(std.out, "Created project %d %q.\nLet a partner in%s: clientele key issue --project=%s --dialect opm --name PARTNER%s\n",
			p.ID, p.Name, hint, access.ShellWord(p.Name), flag)
		return err
	})
}

type projectList struct {
	config.Book
	JSON bool `help:"Print one JSON object."`
}

// Run lists the projects.
func (c *projectList) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		projects, err := s.ListProjects(ctx)
		if err != nil {
			return err
		}
		list := make([]projectJSON, len(projects))
		rows := make([]string, len(projects))
		for i, p := range projects {
			list[i] = projectOutput(p)
			rows[i] = fmt.Sprintf("%d\t%s\t%s\t%s", p.ID, p.Name, p.TimeZone, stamp(p.CreatedAt))
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Projects []projectJSON `json:"projects"`
			}{list})
		}
		return printTable(std.out, "ID\tNAME\tTIME ZONE\tCREATED", rows)
	})
}
