-- +goose Up

-- Where the events of a project are sent. Durations are microseconds.
CREATE TABLE subscription (
  project_id      INTEGER NOT NULL REFERENCES project (id),
  id              TEXT    NOT NULL, -- a UUID
  event_type      TEXT    NOT NULL,
  url             TEXT    NOT NULL,
  host            TEXT    NOT NULL,
  secret          TEXT    NOT NULL, -- a secret of the receiver
  omit_secret     INTEGER NOT NULL,
  signing_secret  TEXT    NOT NULL, -- a secret
  previous_secret TEXT    NOT NULL, -- a secret
  previous_until  INTEGER,
  retry           TEXT    NOT NULL, -- a JSON array of durations
  request_timeout INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  cursor          INTEGER NOT NULL, -- the last change that was gathered or passed over
  failing_since   INTEGER,
  disabled_at     INTEGER,
  disabled_reason TEXT    NOT NULL,
  deleted_at      INTEGER,
  lease           TEXT    NOT NULL, -- the claim it is served under; empty for none
  due_at          INTEGER,          -- when its next delivery is due, or the claim ends; NULL for nothing to do
  CONSTRAINT subscription_pk PRIMARY KEY (project_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX subscription_cursor ON subscription (project_id, event_type, cursor)
  WHERE disabled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX subscription_due_healthy ON subscription (due_at)
  WHERE due_at IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL AND failing_since IS NULL;
CREATE INDEX subscription_due_failing ON subscription (due_at)
  WHERE due_at IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL AND failing_since IS NOT NULL;
CREATE INDEX subscription_lease ON subscription (lease) WHERE lease <> '';

-- A group of changes that is told of together. Its deliveries share it.
CREATE TABLE event (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id  INTEGER NOT NULL REFERENCES project (id),
  event_type  TEXT    NOT NULL,
  subject_ids TEXT    NOT NULL, -- a JSON array
  first_at    INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  created_at  INTEGER NOT NULL
) STRICT;

-- One event on its way to one subscription.
CREATE TABLE delivery (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id      INTEGER NOT NULL REFERENCES project (id),
  id              TEXT    NOT NULL, -- a UUID
  subscription_id TEXT    NOT NULL,
  event_seq       INTEGER NOT NULL,
  status          TEXT    NOT NULL,
  attempts        INTEGER NOT NULL,
  retries         INTEGER NOT NULL,
  due_at          INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  finished_at     INTEGER
) STRICT;

CREATE UNIQUE INDEX delivery_id_unique ON delivery (project_id, id);
CREATE INDEX delivery_due ON delivery (project_id, subscription_id, due_at, seq) WHERE status = 'due';
CREATE INDEX delivery_subscription ON delivery (project_id, subscription_id, seq);

-- One try at a delivery.
CREATE TABLE attempt (
  project_id  INTEGER NOT NULL REFERENCES project (id),
  delivery_id TEXT    NOT NULL,
  number      INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  duration    INTEGER NOT NULL, -- microseconds
  status_code INTEGER NOT NULL, -- 0 for no answer
  error_class TEXT    NOT NULL,
  answer      BLOB    NOT NULL, -- its beginning
  CONSTRAINT attempt_pk PRIMARY KEY (project_id, delivery_id, number)
) STRICT, WITHOUT ROWID;
