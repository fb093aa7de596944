-- +goose Up

-- What an advertiser runs. Its UUID stands in links, where nobody names the project.
CREATE TABLE campaign (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id  INTEGER NOT NULL REFERENCES project (id),
  uuid        TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  landing_url TEXT    NOT NULL,
  paused_at   INTEGER,
  created_at  INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX campaign_uuid_unique ON campaign (uuid, project_id);

-- Who brings visitors, to campaigns of any project.
CREATE TABLE publisher (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid       TEXT    NOT NULL CONSTRAINT publisher_uuid_unique UNIQUE,
  name       TEXT    NOT NULL,
  paused_at  INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

-- What came of one click or registration. Amounts are in hundredths, 0 for none.
CREATE TABLE lead (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id           INTEGER NOT NULL REFERENCES project (id),
  uuid                 TEXT    NOT NULL, -- a secret: whoever knows it may report on the lead
  campaign_id          INTEGER NOT NULL REFERENCES campaign (id),
  publisher_id         INTEGER NOT NULL REFERENCES publisher (id),
  stage                TEXT    NOT NULL, -- the furthest stage; empty for none
  wide_contact_at      INTEGER,
  narrow_contact_at    INTEGER,
  application_at       INTEGER,
  contract_at          INTEGER,
  contract_canceled_at INTEGER,
  net_value            INTEGER NOT NULL,
  nominal_value        INTEGER NOT NULL,
  customer_type        TEXT,
  sub1                 TEXT,
  sub2                 TEXT,
  sub3                 TEXT,
  sub4                 TEXT,
  sub5                 TEXT,
  ip                   TEXT, -- this and user_agent are dropped after a time
  user_agent           TEXT,
  action_at            INTEGER NOT NULL,
  source               TEXT    NOT NULL,
  credential_id        INTEGER NOT NULL,
  version              INTEGER NOT NULL,
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL
) STRICT;

-- It serves both the look-up by UUID and project and the one by UUID alone.
CREATE UNIQUE INDEX lead_uuid_unique ON lead (uuid, project_id);
CREATE INDEX lead_visitor_created_at ON lead (created_at) WHERE ip IS NOT NULL OR user_agent IS NOT NULL;
