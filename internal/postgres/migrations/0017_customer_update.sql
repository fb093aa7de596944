-- +goose Up

-- The places of customers in the list by their last update (docs/decisions/0013). An update adds a place at the end and leaves the
-- one before, which counts no more and is swept up later. With no index of customers that an update changes, PostgreSQL keeps
-- the new version of the row on its page, where there is room left for it, and makes no index entries for it.
CREATE TABLE customer_update (
  project_id  bigint NOT NULL,
  at          timestamptz NOT NULL,
  customer_id bigint NOT NULL,
  CONSTRAINT customer_update_pk PRIMARY KEY (project_id, at, customer_id)
);

INSERT INTO customer_update (project_id, at, customer_id)
  SELECT project_id, updated_at, id FROM customer ORDER BY project_id, updated_at, id;

DROP INDEX customer_updated_at;

ALTER TABLE customer SET (fillfactor = 85);

UPDATE schema_info SET compatible_from = 17; -- an older program's updates would not be in the list
