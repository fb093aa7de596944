-- +goose Up

-- What customers are found by, in blocks of ids: words of names, e-mail addresses, phone numbers, folded. It follows from
-- customer and is kept in the same transactions; so it needs no foreign key to be right, and each row would pay for one.
CREATE TABLE customer_term (
  project_id  bigint NOT NULL,
  block       bigint NOT NULL,
  term        text COLLATE "C" NOT NULL,
  customer_id bigint NOT NULL,
  CONSTRAINT customer_term_pk PRIMARY KEY (project_id, block, term, customer_id)
);

-- The time stands in another form than in customer_created_at, so that who asks for one way gets no plan that goes through
-- the customers of all ways.
CREATE INDEX customer_origin ON customer (project_id, source COLLATE "C", credential_id, (created_at AT TIME ZONE 'UTC'), id);

-- How far the customers who were there before have got their terms: one row for each project, until it is done.
CREATE TABLE customer_term_fill (
  project_id bigint NOT NULL CONSTRAINT customer_term_fill_pk PRIMARY KEY,
  filled_to  bigint NOT NULL -- the id of a customer
);

INSERT INTO customer_term_fill (project_id, filled_to) SELECT id, 0 FROM project;

UPDATE schema_info SET compatible_from = 9; -- an older program writes customers without their terms
