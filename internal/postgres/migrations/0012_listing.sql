-- +goose Up

-- Lists of the operator's. What is old is found through submission_accepted_at, too, so the index of its own goes.
CREATE INDEX submission_accepted_at ON submission (project_id, accepted_at, seq);
CREATE INDEX submission_of_credential ON submission (project_id, credential_id, accepted_at, seq);
CREATE INDEX submission_failed ON submission (project_id, accepted_at, seq) WHERE failure <> '';
DROP INDEX submission_finished_at;

-- Written when a delivery is given up only.
CREATE INDEX delivery_failed ON delivery (project_id, seq) WHERE status = 'failed';
CREATE INDEX delivery_failed_of_subscription ON delivery (project_id, subscription_id, seq) WHERE status = 'failed';

UPDATE schema_info SET compatible_from = 9; -- as before: indexes only
