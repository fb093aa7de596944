package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const publisherColumns = "id, uuid, name, paused_at, created_at"

func scanPublisher(row interface{ Scan(...any) error }) (clientele.Publisher, error) {
	var p clientele.Publisher
	err := row.Scan(&p.ID, &p.UUID, &p.Name, instant{&p.PausedAt}, instant{&p.CreatedAt})
	return p, err
}

// CreatePublisher stores a new publisher and returns it with its id; kind conflict when there is one of that UUID.
func (s *Store) CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error) {
	err := s.transact(ctx, func(t *tx) error {
		return t.one("INSERT INTO publisher (uuid, name, paused_at, created_at) VALUES (?, ?, ?, ?) RETURNING id",
			[]any{p.UUID, p.Name, micros(p.PausedAt), p.CreatedAt.UnixMicro()}, &p.ID)
	})
	if isUnique(err) {
		return p, clientele.Errorf(clientele.KindConflict, "a publisher with this UUID exists already")
	}
	if err != nil {
		return p, fmt.Errorf("create publisher: %w", err)
	}
	return p, nil
}

// FindPublisher returns the publisher of that UUID, paused or not; kind not_found when there is none.
func (s *Store) FindPublisher(ctx context.Context, uuid string) (clientele.Publisher, error) {
	p, err := scanPublisher(s.read.QueryRowContext(ctx, findPublisherSQL, uuid))
	if errors.Is(err, sql.ErrNoRows) {
		return p, clientele.Errorf(clientele.KindNotFound, "there is no such publisher")
	}
	if err != nil {
		return p, fmt.Errorf("find publisher: %w", classify(err))
	}
	return p, nil
}

const findPublisherSQL = "SELECT " + publisherColumns + " FROM publisher WHERE uuid = ?"

// ListPublishers returns all publishers in order of id.
func (s *Store) ListPublishers(ctx context.Context) ([]clientele.Publisher, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+publisherColumns+" FROM publisher ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list publishers: %w", classify(err))
	}
	var list []clientele.Publisher
	err = collect(rows, func(rows *sql.Rows) error {
		p, err := scanPublisher(rows)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list publishers: %w", classify(err))
	}
	return list, nil
}

// PausePublisher pauses a publisher from the given time on, or resumes it when that is zero. One that is paused already
// stays so since when it is. Kind not_found when there is no such publisher.
func (s *Store) PausePublisher(ctx context.Context, id int64, at time.Time) error {
	return s.pause(ctx, "publisher", "id = ?2", at, id)
}
