package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele"
)

const projectColumns = "id, name, time_zone, created_at"

func scanProject(row interface{ Scan(...any) error }) (clientele.Project, error) {
	var p clientele.Project
	err := row.Scan(&p.ID, &p.Name, &p.TimeZone, instant{&p.CreatedAt})
	return p, err
}

// CreateProject stores a new project and returns it with its id; kind conflict when the name is taken.
func (s *Store) CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error) {
	err := s.transact(ctx, func(t *tx) error {
		return t.one("INSERT INTO project (name, time_zone, created_at) VALUES (?, ?, ?) RETURNING id",
			[]any{p.Name, p.TimeZone, p.CreatedAt.UnixMicro()}, &p.ID)
	})
	if isUnique(err) {
		return p, clientele.Errorf(clientele.KindConflict, "a project named %q exists already", p.Name)
	}
	if err != nil {
		return p, fmt.Errorf("create project: %w", err)
	}
	return p, nil
}

// ListProjects returns all projects in order of id.
func (s *Store) ListProjects(ctx context.Context) ([]clientele.Project, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+projectColumns+" FROM project ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", classify(err))
	}
	var list []clientele.Project
	err = collect(rows, func(rows *sql.Rows) error {
		p, err := scanProject(rows)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", classify(err))
	}
	return list, nil
}

// FindProject returns the project of that name; kind not_found when there is none.
func (s *Store) FindProject(ctx context.Context, name string) (clientele.Project, error) {
	p, err := scanProject(s.read.QueryRowContext(ctx, "SELECT "+projectColumns+" FROM project WHERE name = ?", name))
	if errors.Is(err, sql.ErrNoRows) {
		return p, clientele.Errorf(clientele.KindNotFound, "there is no project named %q", name)
	}
	if err != nil {
		return p, fmt.Errorf("find project: %w", classify(err))
	}
	return p, nil
}

// FindProjectByID returns the project with our id; kind not_found when there is none.
func (s *Store) FindProjectByID(ctx context.Context, id int64) (clientele.Project, error) {
	p, err := scanProject(s.read.QueryRowContext(ctx, "SELECT "+projectColumns+" FROM project WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, clientele.Errorf(clientele.KindNotFound, "there is no project %d", id)
	}
	if err != nil {
		return p, fmt.Errorf("find project %d: %w", id, classify(err))
	}
	return p, nil
}
