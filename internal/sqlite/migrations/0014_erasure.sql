-- +goose Up

-- What marks of erased people are made with: one row, from the first erasure on.
CREATE TABLE erasure_key (
  id         INTEGER NOT NULL CONSTRAINT erasure_key_pk PRIMARY KEY,
  secret     BLOB    NOT NULL, -- a secret
  created_at INTEGER NOT NULL
) STRICT;

-- Which customers were erased, and what came of it. There is nothing personal in it (docs/decisions/0011).
CREATE TABLE erasure (
  project_id  INTEGER NOT NULL REFERENCES project (id),
  customer_id INTEGER NOT NULL, -- of somebody who is not there any more
  at          INTEGER NOT NULL,
  asked_by    TEXT    NOT NULL,
  addresses   INTEGER NOT NULL, -- from here on: how many rows were emptied or deleted
  changes     INTEGER NOT NULL,
  submissions INTEGER NOT NULL,
  calls       INTEGER NOT NULL,
  answers     INTEGER NOT NULL,
  refusals    INTEGER NOT NULL,
  held_back   INTEGER NOT NULL, -- older writes that came later and were refused
  returned_as INTEGER NOT NULL, -- the first customer that was created later with one of the marks; 0 for none
  returned_at INTEGER,
  CONSTRAINT erasure_pk PRIMARY KEY (project_id, customer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasure_at ON erasure (project_id, at, customer_id);

-- What erased people were known by: keyed hashes that tell nobody what it was.
CREATE TABLE erasure_mark (
  project_id  INTEGER NOT NULL REFERENCES project (id),
  mark        BLOB    NOT NULL,
  customer_id INTEGER NOT NULL,
  at          INTEGER NOT NULL, -- of the erasure
  CONSTRAINT erasure_mark_pk PRIMARY KEY (project_id, mark, customer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasure_mark_at ON erasure_mark (at);
