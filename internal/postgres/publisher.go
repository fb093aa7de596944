package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clientele"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const publisherColumns = "id, uuid, name, paused_at, created_at"

func scanPublisher(row pgx.CollectableRow) (clientele.Publisher, error) {
	var p clientele.Publisher
	err := row.Scan(&p.ID, &p.UUID, &p.Name, (*instant)(&p.PausedAt), (*instant)(&p.CreatedAt))
	return p, err
}

// CreatePublisher stores a new publisher and returns it with its id; kind conflict when there is one of that UUID.
func (s *Store) CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error) {
	err := s.transact(ctx, "create publisher", func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, "INSERT INTO publisher (uuid, name, paused_at, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
			p.UUID, p.Name, at(p.PausedAt), p.CreatedAt).Scan(&p.ID)
	})
	if isUnique(err) {
		return p, clientele.Errorf(clientele.KindConflict, "a publisher with this UUID exists already")
	}
	if err != nil {
		return p, fmt.Errorf("create publisher: %w", err)
	}
	return p, nil
}

const findPublisher = "SELECT " + publisherColumns + " FROM publisher WHERE uuid = $1"

// FindPublisher returns the publisher of that UUID, paused or not; kind not_found when there is none.
func (s *Store) FindPublisher(ctx context.Context, uuid string) (clientele.Publisher, error) {
	var p clientele.Publisher
	err := s.query(ctx, "find publisher", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, findPublisher, uuid)
		if err != nil {
			return err
		}
		p, err = pgx.CollectExactlyOneRow(rows, scanPublisher)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return p, clientele.Errorf(clientele.KindNotFound, "there is no such publisher")
	}
	if err != nil {
		return p, fmt.Errorf("find publisher: %w", err)
	}
	return p, nil
}

// ListPublishers returns all publishers in order of id.
func (s *Store) ListPublishers(ctx context.Context) ([]clientele.Publisher, error) {
	var list []clientele.Publisher
	err := s.query(ctx, "list publishers", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, "SELECT "+publisherColumns+" FROM publisher ORDER BY id")
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanPublisher)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list publishers: %w", err)
	}
	return list, nil
}

// PausePublisher pauses a publisher from the given time on, or resumes it when that is zero. One that is paused already
// stays so since when it is. Kind not_found when there is no such publisher.
func (s *Store) PausePublisher(ctx context.Context, id int64, at time.Time) error {
	return s.pause(ctx, "publisher", pausePublisher, at, id)
}
