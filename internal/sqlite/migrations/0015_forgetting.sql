-- +goose Up

-- What is forgotten first, by its date (see forgetDeliveries).
CREATE INDEX delivery_created ON delivery (created_at);
CREATE INDEX event_created ON event (created_at);
