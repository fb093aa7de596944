-- +goose Up

-- What customers are found by is kept by a duty from now on, which follows the history (docs/decisions/0008). It begins
-- anew, since it also has to know of each customer what it is found by.
TRUNCATE customer_term;
DROP TABLE customer_term_fill;

-- The terms of a customer, in order, with line feeds between them: what has to go when it is found by others.
CREATE TABLE customer_term_list (
  project_id  bigint NOT NULL,
  customer_id bigint NOT NULL,
  terms       text   NOT NULL,
  CONSTRAINT customer_term_list_pk PRIMARY KEY (project_id, customer_id)
);

-- Up to where the history of a project was followed.
CREATE TABLE customer_term_place (
  project_id bigint NOT NULL CONSTRAINT customer_term_place_pk PRIMARY KEY,
  seq        bigint NOT NULL
);

UPDATE schema_info SET compatible_from = 13; -- an older program writes terms itself, which the duty would not know of
