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

const campaignColumns = "project_id, id, uuid, name, landing_url, paused_at, created_at"

func scanCampaign(row pgx.CollectableRow) (clientele.Campaign, error) {
	var c clientele.Campaign
	err := row.Scan(&c.ProjectID, &c.ID, &c.UUID, &c.Name, &c.LandingURL, (*instant)(&c.PausedAt), (*instant)(&c.CreatedAt))
	return c, err
}

// CreateCampaign stores a new campaign and returns it with its id; kind conflict when the project has one of that UUID.
func (s *Store) CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error) {
	err := s.transact(ctx, "create campaign", func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `INSERT INTO campaign (project_id, uuid, name, landing_url, paused_at, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			c.ProjectID, c.UUID, c.Name, c.LandingURL, at(c.PausedAt), c.CreatedAt).Scan(&c.ID)
	})
	if isUnique(err) {
		return c, clientele.Errorf(clientele.KindConflict, "a campaign with this UUID exists already")
	}
	if err != nil {
		return c, fmt.Errorf("create campaign in project %d: %w", c.ProjectID, err)
	}
	return c, nil
}

// findCampaign names no project, since a link does not: in a distributed book it reads one small index on each node. The
// book remembers the answer for five seconds.
const findCampaign = "SELECT " + campaignColumns + " FROM campaign WHERE uuid = $1 LIMIT 1"

// FindCampaign returns the campaign of that UUID, of whichever project, paused or not; kind not_found when there is none.
func (s *Store) FindCampaign(ctx context.Context, uuid string) (clientele.Campaign, error) {
	var c clientele.Campaign
	err := s.query(ctx, "find campaign", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, findCampaign, uuid)
		if err != nil {
			return err
		}
		c, err = pgx.CollectExactlyOneRow(rows, scanCampaign)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return c, clientele.Errorf(clientele.KindNotFound, "there is no such campaign")
	}
	if err != nil {
		return c, fmt.Errorf("find campaign: %w", err)
	}
	return c, nil
}

// ListCampaigns returns the campaigns of all projects in order of id. It is the operator's, not a partner's: in a
// distributed book it reads every node.
func (s *Store) ListCampaigns(ctx context.Context) ([]clientele.Campaign, error) {
	var list []clientele.Campaign
	err := s.query(ctx, "list campaigns", func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := pool.Query(ctx, "SELECT "+campaignColumns+" FROM campaign ORDER BY id")
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanCampaign)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", err)
	}
	return list, nil
}

const (
	pauseCampaign  = "UPDATE campaign SET " + setPaused + " WHERE project_id = $2 AND id = $3"
	pausePublisher = "UPDATE publisher SET " + setPaused + " WHERE id = $2"

	// setPaused leaves what is paused already paused since when it is, and resumes at NULL.
	setPaused = "paused_at = CASE WHEN $1::timestamptz IS NULL THEN NULL ELSE coalesce(paused_at, $1) END"
)

// PauseCampaign pauses a campaign of the project from the given time on, or resumes it when that is zero. One that is
// paused already stays so since when it is. Kind not_found when there is no such campaign in the project.
func (s *Store) PauseCampaign(ctx context.Context, project, id int64, at time.Time) error {
	return s.pause(ctx, "campaign", pauseCampaign, at, project, id)
}

// pause sets or clears paused_at of the one record that the update finds by its arguments from $2 on.
func (s *Store) pause(ctx context.Context, what, update string, from time.Time, args ...any) error {
	err := s.transactSafely(ctx, "pause "+what, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, update, append([]any{at(from)}, args...)...)
		if err == nil && tag.RowsAffected() == 0 {
			return clientele.Errorf(clientele.KindNotFound, "there is no such %s", what)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("pause %s: %w", what, err)
	}
	return nil
}
