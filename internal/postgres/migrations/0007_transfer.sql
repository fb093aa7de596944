-- +goose Up

-- A book that is arriving from another store, until all of it is there: one row or none.
CREATE TABLE transfer (
  source     text COLLATE "C" NOT NULL CONSTRAINT transfer_pk PRIMARY KEY,
  started_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX transfer_one_row ON transfer ((true));

UPDATE schema_info SET compatible_from = 6; -- as before: a book that is being served has no row here
