-- +goose Up

-- Look-ups by VAT number. Lists in order of id read the primary key.
CREATE INDEX customer_vat_normal ON customer (project_id, vat_normal, id) WHERE vat_normal IS NOT NULL;

UPDATE schema_info SET compatible_from = 1; -- an index more
