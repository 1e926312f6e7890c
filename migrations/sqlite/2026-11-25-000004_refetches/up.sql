-- Objects that are fetched from Stripe in the background, why, and what that found.
CREATE TABLE refetches (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    object          TEXT NOT NULL,
    object_id       TEXT NOT NULL,
    account         TEXT NOT NULL,
    livemode        BOOLEAN NOT NULL,
    reason          TEXT NOT NULL,
    -- The event that led to it.
    event_id        TEXT,
    -- What led to it, in words: for a gap, the fields that an event must have changed.
    detail          TEXT NOT NULL,
    status          TEXT NOT NULL DEFAULT 'pending',
    -- The fields that were not as here, as a JSON array of their names; none while it is pending.
    found           TEXT,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    last_error      TEXT,
    requested_at    BIGINT NOT NULL,
    finished_at     BIGINT
);
CREATE UNIQUE INDEX refetches_pending ON refetches (object, object_id, livemode, account, reason) WHERE status = 'pending';
CREATE INDEX refetches_due ON refetches (next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX refetches_by_object ON refetches (object_id, id);
CREATE INDEX refetches_by_reason ON refetches (reason, id);
