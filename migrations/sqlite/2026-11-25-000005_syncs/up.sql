-- Backfills of the mirror from Stripe's lists, worked off in the background.
CREATE TABLE syncs (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    actor       TEXT NOT NULL,
    -- The types that were asked for, as a JSON array; empty for all.
    types       TEXT NOT NULL,
    -- Objects that were made from this time on, in unix seconds; none for all.
    since       BIGINT,
    status      TEXT NOT NULL,
    last_error  TEXT,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX syncs_unfinished ON syncs (id) WHERE status = 'running';

-- Parts of a backfill: one type's objects of one account that were made between two times, listed page by page.
CREATE TABLE sync_windows (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sync_id     BIGINT NOT NULL REFERENCES syncs (id),
    -- What others refer to comes first.
    rank        INTEGER NOT NULL,
    object      TEXT NOT NULL,
    -- Empty if the key may not tell.
    account     TEXT NOT NULL,
    livemode    BOOLEAN NOT NULL,
    connected   BOOLEAN NOT NULL,
    -- Unix seconds, both ends included; none for no end.
    made_from   BIGINT,
    made_until  BIGINT,
    -- The last object that was stored: the next page comes after it.
    cursor      TEXT,
    pages       INTEGER NOT NULL DEFAULT 0,
    objects     BIGINT NOT NULL DEFAULT 0,
    stored      BIGINT NOT NULL DEFAULT 0,
    status      TEXT NOT NULL DEFAULT 'pending',
    last_error  TEXT
);
CREATE INDEX sync_windows_pending ON sync_windows (sync_id, rank, id) WHERE status = 'pending';
CREATE INDEX sync_windows_by_sync ON sync_windows (sync_id, rank, id);
