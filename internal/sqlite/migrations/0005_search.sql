-- +goose Up

-- Lists in order of id, and look-ups by VAT number.
CREATE INDEX customer_project ON customer (project_id, id);
CREATE INDEX customer_vat_normal ON customer (project_id, vat_normal, id) WHERE vat_normal IS NOT NULL;
