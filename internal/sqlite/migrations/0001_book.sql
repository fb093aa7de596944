-- +goose Up

-- Times are microseconds since 1970 in UTC. Texts are as they were sent; NULL is "nothing stored".

CREATE TABLE project (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT    NOT NULL CONSTRAINT project_name_unique UNIQUE,
  time_zone  TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE credential (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  dialect           TEXT    NOT NULL,
  name              TEXT    NOT NULL,
  client_id         TEXT    CONSTRAINT credential_client_id_unique UNIQUE,
  hint              TEXT    NOT NULL,
  scopes            TEXT    NOT NULL, -- names with a blank between them
  reads_per_minute  INTEGER NOT NULL,
  writes_per_minute INTEGER NOT NULL,
  created_at        INTEGER NOT NULL,
  expires_at        INTEGER,
  revoked_at        INTEGER,
  last_used_at      INTEGER
) STRICT;

CREATE TABLE credential_grant (
  credential_id INTEGER NOT NULL REFERENCES credential (id),
  position      INTEGER NOT NULL,
  project_id    INTEGER NOT NULL REFERENCES project (id),
  key_hash      BLOB    NOT NULL, -- SHA-256 of the key that names the project; zeros where the dialect has none
  CONSTRAINT credential_grant_pk PRIMARY KEY (credential_id, position)
) STRICT, WITHOUT ROWID;

-- hash is the SHA-256 of the secret, with the dialect's name before it: a key of one dialect is none of another.
CREATE TABLE credential_secret (
  hash          BLOB    NOT NULL CONSTRAINT credential_secret_pk PRIMARY KEY,
  credential_id INTEGER NOT NULL REFERENCES credential (id),
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX credential_secret_credential ON credential_secret (credential_id);

CREATE TABLE customer (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id      INTEGER NOT NULL REFERENCES project (id),
  external_id     TEXT,
  external_number TEXT,
  first_name      TEXT,
  last_name       TEXT,
  company         TEXT,
  email           TEXT,
  phone           TEXT,
  alt_phone       TEXT,
  fax             TEXT,
  ip              TEXT,
  vat_number      TEXT,
  type            TEXT,
  email_normal    TEXT,
  phone_e164      TEXT,
  alt_phone_e164  TEXT,
  vat_normal      TEXT,
  flags           INTEGER NOT NULL,
  source          TEXT    NOT NULL,
  credential_id   INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX customer_external_id_unique ON customer (project_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX customer_external_number_unique ON customer (project_id, external_number) WHERE external_number IS NOT NULL;

CREATE TABLE address (
  id                  INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id          INTEGER NOT NULL REFERENCES project (id),
  customer_id         INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  first_name          TEXT,
  last_name           TEXT,
  company             TEXT,
  phone               TEXT,
  alt_phone           TEXT,
  fax                 TEXT,
  line1               TEXT,
  line2               TEXT,
  street              TEXT,
  street_number       TEXT,
  postal_code         TEXT,
  city                TEXT,
  state               TEXT,
  country             TEXT,
  is_default_billing  INTEGER NOT NULL,
  is_default_shipping INTEGER NOT NULL,
  created_at          INTEGER NOT NULL,
  updated_at          INTEGER NOT NULL
) STRICT;

CREATE INDEX address_customer ON address (project_id, customer_id, id);

CREATE TABLE change (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id    INTEGER NOT NULL REFERENCES project (id),
  subject       TEXT    NOT NULL,
  subject_id    INTEGER NOT NULL,
  action        TEXT    NOT NULL,
  new_values    TEXT    NOT NULL, -- a JSON object
  dialect       TEXT    NOT NULL,
  credential_id INTEGER NOT NULL,
  request_id    TEXT    NOT NULL,
  at            INTEGER NOT NULL
) STRICT;

CREATE INDEX change_subject ON change (project_id, subject, subject_id, seq);

-- Calls that named themselves with an Idempotency-Key, and what they were answered.
CREATE TABLE remembered_call (
  project_id    INTEGER NOT NULL REFERENCES project (id),
  credential_id INTEGER NOT NULL,
  key           TEXT    NOT NULL,
  body_hash     BLOB    NOT NULL,
  result        INTEGER NOT NULL,
  subject_id    INTEGER NOT NULL,
  reference     TEXT    NOT NULL,
  at            INTEGER NOT NULL,
  CONSTRAINT remembered_call_pk PRIMARY KEY (project_id, credential_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX remembered_call_at ON remembered_call (at);
