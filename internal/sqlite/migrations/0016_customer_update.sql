-- +goose Up

-- The places of customers in the list by their last update (docs/decisions/0013). An update adds a place at the end and leaves the
-- one before, which counts no more and is swept up later: to move an entry of an index of customers is to write a page somewhere in
-- the middle of it, for each update one.
CREATE TABLE customer_update (
  project_id  INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  CONSTRAINT customer_update_pk PRIMARY KEY (project_id, at, customer_id)
) STRICT, WITHOUT ROWID;

INSERT INTO customer_update (project_id, at, customer_id)
  SELECT project_id, updated_at, id FROM customer ORDER BY project_id, updated_at, id;

DROP INDEX customer_updated_at;
