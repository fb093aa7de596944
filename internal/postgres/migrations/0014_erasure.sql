-- +goose Up

-- What marks of erased people are made with: one row, from the first erasure on.
CREATE TABLE erasure_key (
  id         bigint CONSTRAINT erasure_key_pk PRIMARY KEY,
  secret     bytea NOT NULL, -- a secret
  created_at timestamptz NOT NULL
);

-- Which customers were erased, and what came of it. There is nothing personal in it (docs/decisions/0011).
CREATE TABLE erasure (
  project_id  bigint NOT NULL CONSTRAINT erasure_project REFERENCES project (id),
  customer_id bigint NOT NULL, -- of somebody who is not there any more
  at          timestamptz NOT NULL,
  asked_by    text   NOT NULL,
  addresses   bigint NOT NULL, -- from here on: how many rows were emptied or deleted
  changes     bigint NOT NULL,
  submissions bigint NOT NULL,
  calls       bigint NOT NULL,
  answers     bigint NOT NULL,
  refusals    bigint NOT NULL,
  held_back   bigint NOT NULL, -- older writes that came later and were refused
  returned_as bigint NOT NULL, -- the first customer that was created later with one of the marks; 0 for none
  returned_at timestamptz,
  CONSTRAINT erasure_pk PRIMARY KEY (project_id, customer_id)
);

CREATE INDEX erasure_at ON erasure (project_id, at, customer_id);

-- What erased people were known by: keyed hashes that tell nobody what it was.
CREATE TABLE erasure_mark (
  project_id  bigint NOT NULL CONSTRAINT erasure_mark_project REFERENCES project (id),
  mark        bytea  NOT NULL,
  customer_id bigint NOT NULL,
  at          timestamptz NOT NULL, -- of the erasure
  CONSTRAINT erasure_mark_pk PRIMARY KEY (project_id, mark, customer_id)
);

CREATE INDEX erasure_mark_at ON erasure_mark (project_id, at);

UPDATE schema_info SET compatible_from = 13; -- as before: an older program goes on, but knows nothing of erased people
