-- Schema 7, the twin of Sqlite/Migrations/007.sql, which says why.

ALTER TABLE journal ADD COLUMN segment TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE journal ALTER COLUMN segment DROP DEFAULT;
ALTER TABLE journal DROP CONSTRAINT journal_pkey;
ALTER TABLE journal ADD PRIMARY KEY (run_uuid, segment);

CREATE TABLE journal_rewind (
    run_uuid TEXT COLLATE "C" NOT NULL REFERENCES run (uuid) ON DELETE CASCADE,
    time BIGINT NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (run_uuid, time, step)
);

ALTER TABLE run ADD COLUMN said_at BIGINT;
