-- +goose Up

-- Lists of leads in order of their actions.
CREATE INDEX lead_action_at ON lead (project_id, action_at, id);
-- The leads of one visitor's address, until it is dropped.
CREATE INDEX lead_ip ON lead (project_id, ip, action_at, id) WHERE ip IS NOT NULL;

-- How many leads there are, by day and by month of their action in the project's time zone. It follows from the history
-- and is kept by a duty (docs/decisions/0009). Amounts are in hundredths.
CREATE TABLE lead_count (
  project_id             bigint NOT NULL CONSTRAINT lead_count_project REFERENCES project (id),
  span                   bigint NOT NULL, -- 1: a day, 2: a month
  day                    bigint NOT NULL, -- 20261122; 20261100 for a month
  campaign_id            bigint NOT NULL,
  publisher_id           bigint NOT NULL,
  clicks                 bigint NOT NULL,
  no_stage               bigint NOT NULL, -- from here on: leads by their furthest stage
  wide_contact           bigint NOT NULL,
  narrow_contact         bigint NOT NULL,
  application            bigint NOT NULL,
  contract               bigint NOT NULL,
  contract_canceled      bigint NOT NULL,
  net_value              bigint NOT NULL,
  nominal_value          bigint NOT NULL,
  canceled_net_value     bigint NOT NULL,
  canceled_nominal_value bigint NOT NULL,
  CONSTRAINT lead_count_pk PRIMARY KEY (project_id, span, day, campaign_id, publisher_id)
);

-- Up to where the history of a project is counted.
CREATE TABLE lead_counting (
  project_id bigint NOT NULL CONSTRAINT lead_counting_project REFERENCES project (id),
  seq        bigint NOT NULL,
  time_zone  text   NOT NULL, -- whose days are counted
  at         timestamptz,     -- of the newest change that was counted
  CONSTRAINT lead_counting_pk PRIMARY KEY (project_id)
);

UPDATE schema_info SET compatible_from = 9; -- an older program writes leads and their history as before
