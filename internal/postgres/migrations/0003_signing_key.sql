-- +goose Up

-- The keys that access tokens are signed with. The newest is not retired; the others go when no token of theirs is valid.
CREATE TABLE signing_key (
  id         text COLLATE "C" NOT NULL CONSTRAINT signing_key_pk PRIMARY KEY,
  seed       bytea NOT NULL, -- the private key, a secret
  created_at timestamptz NOT NULL,
  retired_at timestamptz
);

-- Of two servers that make a new key at once, the second finds that one is there.
CREATE UNIQUE INDEX signing_key_one_newest ON signing_key ((retired_at IS NULL)) WHERE retired_at IS NULL;

UPDATE schema_info SET compatible_from = 1; -- version 1 knows nothing of what is new and needs nothing of it
