-- Without those that a worker has: each step of the work would be written to it otherwise.
DROP INDEX events_due;
CREATE INDEX events_due ON events (created, seq, next_attempt_at) WHERE status IN ('pending', 'failed');
-- Which single handler a replay asked for; none runs all of them.
ALTER TABLE events ADD COLUMN only_handler TEXT;
-- How often a worker died while it had the event.
ALTER TABLE events ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_suspected ON events (crashes, seq) WHERE crashes > 0;
-- What settled the order of two contents of one second.
ALTER TABLE events ADD COLUMN tie TEXT;

-- What the endpoint is at Stripe: a webhook endpoint or an event destination, and whether it gets snapshots or thin events.
ALTER TABLE endpoints ADD COLUMN object TEXT NOT NULL DEFAULT 'webhook_endpoint';
ALTER TABLE endpoints ADD COLUMN payload TEXT NOT NULL DEFAULT 'snapshot';
-- Types and families whose deliveries are answered only after their handlers have committed, as a JSON array.
ALTER TABLE endpoints ADD COLUMN inline_events TEXT NOT NULL DEFAULT '[]';
-- While a secret is rotated: the endpoint that this one takes the place of, and when that one is deleted.
ALTER TABLE endpoints ADD COLUMN replaces TEXT;
ALTER TABLE endpoints ADD COLUMN retire_at BIGINT;

-- Work for after the commit: durable, each with its own attempts.
CREATE TABLE tasks (
    id               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event_id         TEXT NOT NULL,
    handler          TEXT NOT NULL,
    -- Given to whom the task calls, so that a second attempt has no second effect.
    idempotency_key  TEXT NOT NULL UNIQUE,
    -- What the handler that enqueued it gave along; none for a task that belongs to the event itself.
    payload          TEXT,
    status           TEXT NOT NULL DEFAULT 'pending',
    attempts         INTEGER NOT NULL DEFAULT 0,
    cause            TEXT NOT NULL,
    next_attempt_at  BIGINT NOT NULL,
    claimed_by       TEXT,
    claimed_until_at BIGINT,
    last_error       TEXT,
    created_at       BIGINT NOT NULL,
    finished_at      BIGINT
);
CREATE INDEX tasks_due ON tasks (next_attempt_at, id) WHERE status IN ('pending', 'running', 'failed');
CREATE INDEX tasks_unfinished ON tasks (status, id) WHERE status <> 'succeeded';
CREATE INDEX tasks_by_event ON tasks (event_id);

-- The attempt was one of a task.
ALTER TABLE runs ADD COLUMN task_id BIGINT;

-- Replays of many events, worked off in the background.
CREATE TABLE replays (
    id               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    actor            TEXT NOT NULL,
    reason           TEXT NOT NULL,
    filter           TEXT NOT NULL,
    handler          TEXT,
    status           TEXT NOT NULL,
    -- The events from the first number to the last are looked at; up to the position that is done.
    position         BIGINT NOT NULL,
    last             BIGINT NOT NULL,
    replayed         BIGINT NOT NULL,
    skipped          BIGINT NOT NULL,
    last_error       TEXT,
    created_at       BIGINT NOT NULL,
    finished_at      BIGINT
);
CREATE INDEX replays_unfinished ON replays (id) WHERE status = 'running';

-- Which process does a work that only one may do at a time, and until when the others leave it to that one.
CREATE TABLE leases (
    name     TEXT NOT NULL PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_at BIGINT NOT NULL
);
