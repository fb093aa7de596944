-- +goose Up

-- The history of a record is a chain (docs/decisions/0014): the record names its last change, and each change the one before it, 0
-- for none. An index by record would be a page somewhere in its middle for each update. Changes without a previous are not chained
-- and found by an index of their own: those of before, those that came by a copy, and those of people who were erased.
ALTER TABLE change ADD COLUMN previous INTEGER;
ALTER TABLE customer ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;

DROP INDEX change_subject;
CREATE INDEX change_unchained ON change (project_id, subject, subject_id, seq) WHERE previous IS NULL;
