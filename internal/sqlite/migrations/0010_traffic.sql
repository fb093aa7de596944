-- +goose Up

-- How many calls of a dialect had an outcome, by spans of time. Project 0 counts all calls.
CREATE TABLE call_count (
  span       INTEGER NOT NULL, -- seconds
  project_id INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  dialect    TEXT    NOT NULL,
  outcome    TEXT    NOT NULL,
  calls      INTEGER NOT NULL,
  CONSTRAINT call_count_pk PRIMARY KEY (span, project_id, at, dialect, outcome)
) STRICT, WITHOUT ROWID;

CREATE INDEX call_count_at ON call_count (at);

-- The newest calls of partners that were answered with an error: bounded in number, kept for a few days.
CREATE TABLE refusal (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  at            INTEGER NOT NULL,
  dialect       TEXT    NOT NULL, -- empty for none
  credential_id INTEGER NOT NULL, -- 0 for an unknown caller
  project_id    INTEGER NOT NULL, -- 0 for none
  method        TEXT    NOT NULL,
  route         TEXT    NOT NULL,
  target        TEXT    NOT NULL,
  status        INTEGER NOT NULL,
  kind          TEXT    NOT NULL,
  field         TEXT    NOT NULL,
  request_id    TEXT    NOT NULL,
  trace_id      TEXT    NOT NULL,
  media         TEXT    NOT NULL,
  body_state    TEXT    NOT NULL,
  body_bytes    INTEGER NOT NULL,
  answer_bytes  INTEGER NOT NULL,
  answer        TEXT    NOT NULL,
  body          TEXT    NOT NULL
) STRICT;

CREATE INDEX refusal_credential ON refusal (credential_id, id);
CREATE INDEX refusal_caller ON refusal (credential_id, project_id, id);
CREATE INDEX refusal_project ON refusal (project_id, id);
CREATE INDEX refusal_at ON refusal (at);
