-- +goose Up

-- Who may log in to the console. An id is never given twice: the audit log refers to it.
CREATE TABLE operator (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  email                TEXT    NOT NULL,
  role                 TEXT    NOT NULL,
  password_hash        TEXT    NOT NULL, -- argon2id in PHC form
  password_is_one_time INTEGER NOT NULL,
  failed_logins        INTEGER NOT NULL, -- since the last right password
  locked_until         INTEGER,
  created_at           INTEGER NOT NULL,
  last_login_at        INTEGER,
  disabled_at          INTEGER
) STRICT;

CREATE UNIQUE INDEX operator_email_unique ON operator (email);

-- Who is logged in. The token is a hash of what the browser has.
CREATE TABLE session (
  token      TEXT    NOT NULL CONSTRAINT session_pk PRIMARY KEY,
  data       BLOB    NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_expires_at ON session (expires_at);

-- What operators did. An entry outlives its operator and its project: it refers to neither.
CREATE TABLE audit (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  at          INTEGER NOT NULL,
  operator_id INTEGER NOT NULL, -- 0 for nobody known
  email       TEXT    NOT NULL, -- the operator's at the time
  action      TEXT    NOT NULL,
  project_id  INTEGER NOT NULL, -- 0 for none
  subject     TEXT    NOT NULL,
  request_id  TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_operator ON audit (operator_id, seq);
CREATE INDEX audit_project ON audit (project_id, seq);
CREATE INDEX audit_operator_project ON audit (operator_id, project_id, seq);
CREATE INDEX audit_at ON audit (at, seq);
