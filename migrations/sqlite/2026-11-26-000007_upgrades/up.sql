-- Endpoints that are tried out in another API version, by a second endpoint at Stripe, the shadow.
CREATE TABLE upgrades (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    live_uuid    TEXT NOT NULL,
    shadow_uuid  TEXT NOT NULL,
    -- None follows the account's default.
    from_version TEXT,
    to_version   TEXT NOT NULL,
    status       TEXT NOT NULL,
    last_error   TEXT,
    actor        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    -- When Stripe had made the shadow.
    begun_at     BIGINT,
    swapped_at   BIGINT,
    finished_at  BIGINT
);
CREATE UNIQUE INDEX upgrades_open ON upgrades (live_uuid) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX upgrades_by_shadow ON upgrades (shadow_uuid);
CREATE INDEX upgrades_by_live ON upgrades (live_uuid, id);

-- What came by a shadow, kept to be compared. It is taken in as an event only if it comes by no other endpoint.
CREATE TABLE shadow_events (
    seq           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    endpoint_uuid TEXT NOT NULL,
    event_id      TEXT NOT NULL,
    type          TEXT NOT NULL,
    kind          TEXT NOT NULL,
    created       BIGINT NOT NULL,
    received_at   BIGINT NOT NULL,
    livemode      BOOLEAN NOT NULL,
    account       TEXT,
    api_version   TEXT,
    object_type   TEXT,
    object_id     TEXT,
    request_id    TEXT,
    -- None once there are enough newer ones of its type.
    body          TEXT,
    -- When it was settled whether it had come by another endpoint too.
    settled_at    BIGINT,
    -- It had not, and was taken in.
    taken_in      BOOLEAN NOT NULL DEFAULT FALSE,
    -- What the handlers did with it in a dry run, as JSON.
    trial         TEXT,
    tried_at      BIGINT
);
CREATE UNIQUE INDEX shadow_events_once ON shadow_events (event_id, endpoint_uuid);
CREATE INDEX shadow_events_by_type ON shadow_events (endpoint_uuid, type, seq);
CREATE INDEX shadow_events_bodies ON shadow_events (endpoint_uuid, type, seq) WHERE body IS NOT NULL;
CREATE INDEX shadow_events_by_received ON shadow_events (received_at);
CREATE INDEX shadow_events_unsettled ON shadow_events (received_at) WHERE settled_at IS NULL;
CREATE INDEX shadow_events_unsettled_by_endpoint ON shadow_events (endpoint_uuid, seq) WHERE settled_at IS NULL;
CREATE INDEX shadow_events_tried ON shadow_events (endpoint_uuid, seq) WHERE tried_at IS NOT NULL;
