-- +goose Up

-- The keys that access tokens are signed with. The newest is not retired; the others go when no token of theirs is valid.
CREATE TABLE signing_key (
  id         TEXT    NOT NULL CONSTRAINT signing_key_pk PRIMARY KEY,
  seed       BLOB    NOT NULL, -- the private key, a secret
  created_at INTEGER NOT NULL,
  retired_at INTEGER
) STRICT, WITHOUT ROWID;
