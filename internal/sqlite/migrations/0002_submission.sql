-- +goose Up

-- Writes that were accepted and are carried out later, in order of seq, project by project.
CREATE TABLE submission (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id    INTEGER NOT NULL REFERENCES project (id),
  id            TEXT    NOT NULL, -- a UUID
  credential_id INTEGER NOT NULL,
  dialect       TEXT    NOT NULL,
  request_id    TEXT    NOT NULL,
  payload       TEXT    NOT NULL, -- a JSON object
  target        TEXT    NOT NULL,
  status        TEXT    NOT NULL,
  customer_id   INTEGER NOT NULL,
  failure       TEXT    NOT NULL,
  lease         TEXT    NOT NULL, -- the claim it is carried out under; empty for none
  accepted_at   INTEGER NOT NULL,
  started_at    INTEGER,
  finished_at   INTEGER
) STRICT;

CREATE UNIQUE INDEX submission_id_unique ON submission (project_id, id);
CREATE INDEX submission_unfinished ON submission (project_id, seq) WHERE finished_at IS NULL;
CREATE INDEX submission_finished_at ON submission (finished_at) WHERE finished_at IS NOT NULL;

-- Who carries out the submissions of a project at present: one at a time, so that their order holds.
CREATE TABLE submission_claim (
  project_id  INTEGER NOT NULL CONSTRAINT submission_claim_pk PRIMARY KEY REFERENCES project (id),
  lease       TEXT    NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX customer_updated_at ON customer (project_id, updated_at, id);
CREATE INDEX customer_created_at ON customer (project_id, created_at, id);
