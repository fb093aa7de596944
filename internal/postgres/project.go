package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const projectColumns = "id, name, time_zone, created_at"

func scanProject(row pgx.CollectableRow) (clientele.Project, error) {
	var p clientele.Project
	err := row.Scan(&p.ID, &p.Name, &p.TimeZone, (*instant)(&p.CreatedAt))
	return p, err
}

// CreateProject stores a new project and returns it with its id; kind conflict when the name is taken.
func (s *Store) CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error) {
	err := s.transact(ctx, "create project", func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, "INSERT INTO project (name, time_zone, created_at) VALUES ($1, $2, $3) RETURNING id",
			p.Name, p.TimeZone, p.CreatedAt).Scan(&p.ID)
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
	var list []clientele.Project
	err := s.query(ctx, "list projects", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, "SELECT "+projectColumns+" FROM project ORDER BY id")
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanProject)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	return list, nil
}

// FindProject returns the project of that name; kind not_found when there is none.
func (s *Store) FindProject(ctx context.Context, name string) (clientele.Project, error) {
	p, err := s.findProject(ctx, "name = $1", name)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, clientele.Errorf(clientele.KindNotFound, "there is no project named %q", name)
	}
	if err != nil {
		return p, fmt.Errorf("find project: %w", err)
	}
	return p, nil
}

// FindProjectByID returns the project with our id; kind not_found when there is none.
func (s *Store) FindProjectByID(ctx context.Context, id int64) (clientele.Project, error) {
	p, err := s.findProject(ctx, "id = $1", id)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, clientele.Errorf(clientele.KindNotFound, "there is no project %d", id)
	}
	if err != nil {
		return p, fmt.Errorf("find project %d: %w", id, err)
	}
	return p, nil
}

func (s *Store) findProject(ctx context.Context, where string, key any) (clientele.Project, error) {
	var p clientele.Project
	err := s.query(ctx, "find project", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, "SELECT "+projectColumns+" FROM project WHERE "+where, key)
		if err != nil {
			return err
		}
		p, err = pgx.CollectExactlyOneRow(rows, scanProject)
		return err
	})
	return p, err
}

const projectsThere = "SELECT id FROM project WHERE id = ANY($1::bigint[])"

// queueFindProjects looks for the projects of the customers' writes where the store has not seen them yet: no foreign key
// does, since checking it row by row costs more than the row. A project is never deleted, so once is enough.
func (t *commit) queueFindProjects(p *pgx.Batch, writes []clientele.Write) {
	var missing []int64
	for i := range writes {
		if w := &writes[i]; w.Customer != nil && !slices.Contains(missing, w.ProjectID) {
			if _, known := t.store.projects.Load(w.ProjectID); !known {
				missing = append(missing, w.ProjectID)
			}
		}
	}
	if len(missing) == 0 {
		return
	}
	p.Queue(projectsThere, missing).Query(func(rows pgx.Rows) error {
		var id int64
		err := eachRow(rows, []any{&id}, func() {
			t.store.projects.Store(id, nil)
			missing = slices.DeleteFunc(missing, func(project int64) bool { return project == id })
		})
		if err == nil && len(missing) > 0 {
			err = fmt.Errorf("there is no project %d", missing[0])
		}
		return err
	})
}
