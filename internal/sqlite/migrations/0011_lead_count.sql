-- +goose Up

-- Lists of leads in order of their actions. The id stands at the end of each index by itself.
CREATE INDEX lead_action_at ON lead (project_id, action_at);
-- The leads of one visitor's address, until it is dropped.
CREATE INDEX lead_ip ON lead (project_id, ip, action_at) WHERE ip IS NOT NULL;

-- How many leads there are, by day and by month of their action in the project's time zone. It follows from the history
-- and is kept by a duty (docs/decisions/0009). Amounts are in hundredths.
CREATE TABLE lead_count (
  project_id             INTEGER NOT NULL,
  span                   INTEGER NOT NULL, -- 1: a day, 2: a month
  day                    INTEGER NOT NULL, -- 20261122; 20261100 for a month
  campaign_id            INTEGER NOT NULL,
  publisher_id           INTEGER NOT NULL,
  clicks                 INTEGER NOT NULL,
  no_stage               INTEGER NOT NULL, -- from here on: leads by their furthest stage
  wide_contact           INTEGER NOT NULL,
  narrow_contact         INTEGER NOT NULL,
  application            INTEGER NOT NULL,
  contract               INTEGER NOT NULL,
  contract_canceled      INTEGER NOT NULL,
  net_value              INTEGER NOT NULL,
  nominal_value          INTEGER NOT NULL,
  canceled_net_value     INTEGER NOT NULL,
  canceled_nominal_value INTEGER NOT NULL,
  CONSTRAINT lead_count_pk PRIMARY KEY (project_id, span, day, campaign_id, publisher_id)
) STRICT, WITHOUT ROWID;

-- Up to where the history of a project is counted.
CREATE TABLE lead_counting (
  project_id INTEGER NOT NULL CONSTRAINT lead_counting_pk PRIMARY KEY,
  seq        INTEGER NOT NULL,
  time_zone  TEXT    NOT NULL, -- whose days are counted
  at         INTEGER           -- of the newest change that was counted
) STRICT, WITHOUT ROWID;
