-- +goose Up

-- A book that is arriving from another store, until all of it is there.
CREATE TABLE transfer (
  source     TEXT    NOT NULL CONSTRAINT transfer_pk PRIMARY KEY,
  started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
