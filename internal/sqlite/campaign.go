package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele"
)

const campaignColumns = "id, project_id, uuid, name, landing_url, paused_at, created_at"

func scanCampaign(row interface{ Scan(...any) error }) (clientele.Campaign, error) {
	var c clientele.Campaign
	err := row.Scan(&c.ID, &c.ProjectID, &c.UUID, &c.Name, &c.LandingURL, instant{&c.PausedAt}, instant{&c.CreatedAt})
	return c, err
}

// CreateCampaign stores a new campaign and returns it with its id; kind conflict when the project has one of that UUID.
func (s *Store) CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error) {
	err := s.transact(ctx, func(t *tx) error {
		return t.one(`INSERT INTO campaign (project_id, uuid, name, landing_url, paused_at, created_at)
			VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
			[]any{c.ProjectID, c.UUID, c.Name, c.LandingURL, micros(c.PausedAt), c.CreatedAt.UnixMicro()}, &c.ID)
	})
	if isUnique(err) {
		return c, clientele.Errorf(clientele.KindConflict, "a campaign with this UUID exists already")
	}
	if err != nil {
		return c, fmt.Errorf("create campaign in project %d: %w", c.ProjectID, err)
	}
	return c, nil
}

// FindCampaign returns the campaign of that UUID, of whichever project, paused or not; kind not_found when there is none.
func (s *Store) FindCampaign(ctx context.Context, uuid string) (clientele.Campaign, error) {
	c, err := scanCampaign(s.read.QueryRowContext(ctx, findCampaignSQL, uuid))
	if errors.Is(err, sql.ErrNoRows) {
		return c, clientele.Errorf(clientele.KindNotFound, "there is no such campaign")
	}
	if err != nil {
		return c, fmt.Errorf("find campaign: %w", classify(err))
	}
	return c, nil
}

const findCampaignSQL = "SELECT " + campaignColumns + " FROM campaign WHERE uuid = ? LIMIT 1"

// ListCampaigns returns the campaigns of all projects in order of id.
func (s *Store) ListCampaigns(ctx context.Context) ([]clientele.Campaign, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+campaignColumns+" FROM campaign ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", classify(err))
	}
	var list []clientele.Campaign
	err = collect(rows, func(rows *sql.Rows) error {
		c, err := scanCampaign(rows)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", classify(err))
	}
	return list, nil
}

// PauseCampaign pauses a campaign of the project from the given time on, or resumes it when that is zero. One that is
// paused already stays so since when it is. Kind not_found when there is no such campaign in the project.
func (s *Store) PauseCampaign(ctx context.Context, project, id int64, at time.Time) error {
	return s.pause(ctx, "campaign", "project_id = ?2 AND id = ?3", at, project, id)
}

// pause sets or clears paused_at of the one row of the table that where names. Its arguments are ?2 and ?3.
func (s *Store) pause(ctx context.Context, table, where string, at time.Time, args ...any) error {
	err := s.transact(ctx, func(t *tx) error {
		r, err := t.execResult("UPDATE "+table+` SET paused_at = CASE WHEN ?1 IS NULL THEN NULL ELSE coalesce(paused_at, ?1) END
			WHERE `+where, append([]any{micros(at)}, args...)...)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return clientele.Errorf(clientele.KindNotFound, "there is no such %s", table)
	})
	if err != nil {
		return fmt.Errorf("pause %s: %w", table, err)
	}
	return nil
}
