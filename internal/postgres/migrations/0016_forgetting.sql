-- +goose Up

-- What is forgotten first, by its date (see forgetDeliveries).
CREATE INDEX delivery_created ON delivery (project_id, created_at, seq);
CREATE INDEX event_created ON event (project_id, created_at, seq);

UPDATE schema_info SET compatible_from = 13; -- as before: indexes only
