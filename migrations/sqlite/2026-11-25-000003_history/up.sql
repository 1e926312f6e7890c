-- Contents of objects that no event's payload holds: fetched ones, and those of events whose payload has been removed.
CREATE TABLE object_versions (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    object      TEXT NOT NULL,
    id          TEXT NOT NULL,
    account     TEXT NOT NULL,
    livemode    BOOLEAN NOT NULL,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    event_type  TEXT NOT NULL,
    api_version TEXT,
    stored_at   BIGINT NOT NULL,
    -- The object and what the event changed in it, as compressed JSON.
    content     BLOB NOT NULL
);
CREATE INDEX object_versions_by_object ON object_versions (id, object, as_of);
CREATE INDEX object_versions_by_stored ON object_versions (stored_at);
