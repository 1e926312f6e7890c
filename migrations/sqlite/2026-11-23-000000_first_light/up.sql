-- Times named *_at are unix milliseconds of our clock; created, as_of and the other times of Stripe's are unix seconds.

-- Small facts about this installation, for example the sealed check value of the secret key.
CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- People who may sign in to the admin.
CREATE TABLE users (
    id               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    email            TEXT NOT NULL UNIQUE,
    role             TEXT NOT NULL,
    password_hash    TEXT NOT NULL,
    failed_sign_ins  INTEGER NOT NULL DEFAULT 0,
    blocked_until_at BIGINT,
    last_sign_in_at  BIGINT,
    disabled_at      BIGINT,
    created_at       BIGINT NOT NULL
);

-- Signed-in browsers; the cookie's token is kept only as a hash.
CREATE TABLE sessions (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    token_hash   TEXT NOT NULL UNIQUE,
    user_id      BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    ip           TEXT NOT NULL,
    user_agent   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

-- One-time links that sign a user in, kept as hashes.
CREATE TABLE sign_in_links (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id    BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- Who did what in the admin and on the command line; rows are only ever added.
CREATE TABLE audit_entries (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    ip      TEXT
);

-- Stripe API keys, sealed.
CREATE TABLE api_keys (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    livemode     BOOLEAN NOT NULL,
    masked       TEXT NOT NULL,
    sealed       TEXT NOT NULL,
    fingerprint  TEXT NOT NULL UNIQUE,
    account      TEXT,
    account_name TEXT,
    is_default   BOOLEAN NOT NULL,
    last_used_at BIGINT,
    last_error   TEXT,
    created_at   BIGINT NOT NULL
);

-- Webhook endpoints: a URL of ours, registered at Stripe.
CREATE TABLE endpoints (
    uuid              TEXT NOT NULL PRIMARY KEY,
    stripe_id         TEXT UNIQUE,
    api_key_id        BIGINT REFERENCES api_keys (id),
    account           TEXT,
    livemode          BOOLEAN NOT NULL,
    connect           BOOLEAN NOT NULL,
    url               TEXT NOT NULL,
    description       TEXT NOT NULL,
    enabled_events    TEXT NOT NULL,
    api_version       TEXT,
    tolerance_seconds INTEGER NOT NULL,
    validation        TEXT NOT NULL,
    status            TEXT NOT NULL,
    idempotency_key   TEXT NOT NULL,
    last_error        TEXT,
    created_by        TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    deleted_at        BIGINT
);

-- Signing secrets of an endpoint, sealed; several may live at once while one is rolled.
CREATE TABLE endpoint_secrets (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    endpoint_uuid TEXT NOT NULL REFERENCES endpoints (uuid),
    sealed        TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT,
    last_used_at  BIGINT
);
CREATE INDEX endpoint_secrets_by_endpoint ON endpoint_secrets (endpoint_uuid);

-- Stripe's events, each once, with the state of our work on it.
CREATE TABLE events (
    seq              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL UNIQUE,
    type             TEXT NOT NULL,
    kind             TEXT NOT NULL,
    created          BIGINT NOT NULL,
    received_at      BIGINT NOT NULL,
    livemode         BOOLEAN NOT NULL,
    account          TEXT,
    endpoint_uuid    TEXT,
    api_version      TEXT,
    object_type      TEXT,
    object_id        TEXT,
    request_id       TEXT,
    status           TEXT NOT NULL,
    attempts         INTEGER NOT NULL,
    cause            TEXT NOT NULL DEFAULT 'delivery',
    next_attempt_at  BIGINT NOT NULL,
    claimed_by       TEXT,
    claimed_until_at BIGINT,
    superseded       BOOLEAN NOT NULL,
    last_error       TEXT,
    processed_at     BIGINT
);
CREATE INDEX events_due ON events (created, seq, next_attempt_at) WHERE status IN ('pending', 'processing', 'failed');
CREATE INDEX events_by_status ON events (status, seq) WHERE status <> 'processed';
CREATE INDEX events_by_type ON events (type, seq);
CREATE INDEX events_by_received ON events (received_at, seq);
CREATE INDEX events_by_object ON events (object_id, seq);

-- Bodies of events, byte for byte as Stripe sent them; apart from events so that the log stays narrow.
CREATE TABLE event_payloads (
    event_id TEXT NOT NULL PRIMARY KEY,
    body     TEXT NOT NULL
);

-- Every POST to a webhook URL, accepted or refused.
CREATE TABLE deliveries (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    endpoint_uuid  TEXT,
    event_id       TEXT,
    received_at    BIGINT NOT NULL,
    outcome        TEXT NOT NULL,
    reason         TEXT,
    http_status    INTEGER NOT NULL,
    remote_ip      TEXT,
    headers        TEXT NOT NULL,
    body           BLOB,
    body_size      BIGINT NOT NULL,
    secret_id      BIGINT,
    signature_time BIGINT,
    repeats        BIGINT NOT NULL
);
CREATE INDEX deliveries_by_event ON deliveries (event_id);
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_uuid, id);
CREATE INDEX deliveries_refused ON deliveries (id) WHERE outcome = 'refused';
CREATE INDEX deliveries_refused_by_received ON deliveries (received_at) WHERE outcome = 'refused';

-- One attempt of one handler on one event.
CREATE TABLE runs (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event_id    TEXT NOT NULL,
    handler     TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    error       TEXT,
    cause       TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    duration_us BIGINT NOT NULL
);
CREATE INDEX runs_by_event ON runs (event_id);
CREATE INDEX runs_by_handler ON runs (handler, id);

-- Mirror of Stripe's account objects.
CREATE TABLE accounts (
    id               TEXT NOT NULL,
    account          TEXT,
    livemode         BOOLEAN NOT NULL,
    created          BIGINT NOT NULL,
    deleted_at       BIGINT,
    as_of            BIGINT NOT NULL,
    event_id         TEXT,
    api_version      TEXT,
    data             TEXT NOT NULL,
    email            TEXT,
    business_name    TEXT,
    country          TEXT,
    type             TEXT,
    charges_enabled  BOOLEAN,
    payouts_enabled  BOOLEAN,
    default_currency TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX accounts_by_created ON accounts (created, id);

-- Mirror of Stripe's customer objects.
CREATE TABLE customers (
    id                     TEXT NOT NULL,
    account                TEXT,
    livemode               BOOLEAN NOT NULL,
    created                BIGINT NOT NULL,
    deleted_at             BIGINT,
    as_of                  BIGINT NOT NULL,
    event_id               TEXT,
    api_version            TEXT,
    data                   TEXT NOT NULL,
    email                  TEXT,
    name                   TEXT,
    phone                  TEXT,
    currency               TEXT,
    balance                BIGINT,
    delinquent             BOOLEAN,
    default_payment_method TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX customers_by_created ON customers (created, id);
CREATE INDEX customers_by_email ON customers (email);
CREATE INDEX customers_by_default_payment_method ON customers (default_payment_method) WHERE default_payment_method IS NOT NULL;

-- Mirror of Stripe's product objects.
CREATE TABLE products (
    id            TEXT NOT NULL,
    account       TEXT,
    livemode      BOOLEAN NOT NULL,
    created       BIGINT NOT NULL,
    deleted_at    BIGINT,
    as_of         BIGINT NOT NULL,
    event_id      TEXT,
    api_version   TEXT,
    data          TEXT NOT NULL,
    name          TEXT,
    active        BOOLEAN,
    default_price TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX products_by_created ON products (created, id);
CREATE INDEX products_by_default_price ON products (default_price) WHERE default_price IS NOT NULL;

-- Mirror of Stripe's price objects.
CREATE TABLE prices (
    id                       TEXT NOT NULL,
    account                  TEXT,
    livemode                 BOOLEAN NOT NULL,
    created                  BIGINT NOT NULL,
    deleted_at               BIGINT,
    as_of                    BIGINT NOT NULL,
    event_id                 TEXT,
    api_version              TEXT,
    data                     TEXT NOT NULL,
    product                  TEXT,
    active                   BOOLEAN,
    currency                 TEXT,
    unit_amount              BIGINT,
    type                     TEXT,
    recurring_interval       TEXT,
    recurring_interval_count BIGINT,
    lookup_key               TEXT,
    nickname                 TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX prices_by_created ON prices (created, id);
CREATE INDEX prices_by_product ON prices (product);

-- Mirror of Stripe's subscription objects.
CREATE TABLE subscriptions (
    id                     TEXT NOT NULL,
    account                TEXT,
    livemode               BOOLEAN NOT NULL,
    created                BIGINT NOT NULL,
    deleted_at             BIGINT,
    as_of                  BIGINT NOT NULL,
    event_id               TEXT,
    api_version            TEXT,
    data                   TEXT NOT NULL,
    customer               TEXT,
    status                 TEXT,
    currency               TEXT,
    current_period_start   BIGINT,
    current_period_end     BIGINT,
    cancel_at_period_end   BOOLEAN,
    cancel_at              BIGINT,
    canceled_at            BIGINT,
    ended_at               BIGINT,
    start_date             BIGINT,
    trial_end              BIGINT,
    collection_method      TEXT,
    latest_invoice         TEXT,
    default_payment_method TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX subscriptions_by_created ON subscriptions (created, id);
CREATE INDEX subscriptions_by_customer ON subscriptions (customer);
CREATE INDEX subscriptions_by_status ON subscriptions (status);
CREATE INDEX subscriptions_by_latest_invoice ON subscriptions (latest_invoice) WHERE latest_invoice IS NOT NULL;
CREATE INDEX subscriptions_by_default_payment_method ON subscriptions (default_payment_method) WHERE default_payment_method IS NOT NULL;

-- Mirror of Stripe's subscription item objects.
CREATE TABLE subscription_items (
    id                   TEXT NOT NULL,
    account              TEXT,
    livemode             BOOLEAN NOT NULL,
    created              BIGINT NOT NULL,
    deleted_at           BIGINT,
    as_of                BIGINT NOT NULL,
    event_id             TEXT,
    api_version          TEXT,
    data                 TEXT NOT NULL,
    subscription         TEXT,
    price                TEXT,
    product              TEXT,
    quantity             BIGINT,
    current_period_start BIGINT,
    current_period_end   BIGINT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX subscription_items_by_created ON subscription_items (created, id);
CREATE INDEX subscription_items_by_subscription ON subscription_items (subscription);
CREATE INDEX subscription_items_by_price ON subscription_items (price);
CREATE INDEX subscription_items_by_product ON subscription_items (product) WHERE product IS NOT NULL;

-- Mirror of Stripe's invoice objects.
CREATE TABLE invoices (
    id                TEXT NOT NULL,
    account           TEXT,
    livemode          BOOLEAN NOT NULL,
    created           BIGINT NOT NULL,
    deleted_at        BIGINT,
    as_of             BIGINT NOT NULL,
    event_id          TEXT,
    api_version       TEXT,
    data              TEXT NOT NULL,
    customer          TEXT,
    subscription      TEXT,
    number            TEXT,
    status            TEXT,
    currency          TEXT,
    total             BIGINT,
    amount_due        BIGINT,
    amount_paid       BIGINT,
    amount_remaining  BIGINT,
    due_date          BIGINT,
    period_start      BIGINT,
    period_end        BIGINT,
    billing_reason    TEXT,
    collection_method TEXT,
    charge            TEXT,
    payment_intent    TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX invoices_by_created ON invoices (created, id);
CREATE INDEX invoices_by_customer ON invoices (customer);
CREATE INDEX invoices_by_subscription ON invoices (subscription);
CREATE INDEX invoices_by_status ON invoices (status);
CREATE INDEX invoices_by_charge ON invoices (charge) WHERE charge IS NOT NULL;
CREATE INDEX invoices_by_payment_intent ON invoices (payment_intent) WHERE payment_intent IS NOT NULL;

-- Mirror of Stripe's payment_intent objects.
CREATE TABLE payment_intents (
    id              TEXT NOT NULL,
    account         TEXT,
    livemode        BOOLEAN NOT NULL,
    created         BIGINT NOT NULL,
    deleted_at      BIGINT,
    as_of           BIGINT NOT NULL,
    event_id        TEXT,
    api_version     TEXT,
    data            TEXT NOT NULL,
    customer        TEXT,
    invoice         TEXT,
    status          TEXT,
    currency        TEXT,
    amount          BIGINT,
    amount_received BIGINT,
    latest_charge   TEXT,
    payment_method  TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX payment_intents_by_created ON payment_intents (created, id);
CREATE INDEX payment_intents_by_customer ON payment_intents (customer);
CREATE INDEX payment_intents_by_invoice ON payment_intents (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX payment_intents_by_latest_charge ON payment_intents (latest_charge) WHERE latest_charge IS NOT NULL;
CREATE INDEX payment_intents_by_payment_method ON payment_intents (payment_method) WHERE payment_method IS NOT NULL;

-- Mirror of Stripe's charge objects.
CREATE TABLE charges (
    id              TEXT NOT NULL,
    account         TEXT,
    livemode        BOOLEAN NOT NULL,
    created         BIGINT NOT NULL,
    deleted_at      BIGINT,
    as_of           BIGINT NOT NULL,
    event_id        TEXT,
    api_version     TEXT,
    data            TEXT NOT NULL,
    customer        TEXT,
    payment_intent  TEXT,
    invoice         TEXT,
    status          TEXT,
    currency        TEXT,
    amount          BIGINT,
    amount_captured BIGINT,
    amount_refunded BIGINT,
    paid            BOOLEAN,
    captured        BOOLEAN,
    refunded        BOOLEAN,
    disputed        BOOLEAN,
    failure_code    TEXT,
    payment_method  TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX charges_by_created ON charges (created, id);
CREATE INDEX charges_by_customer ON charges (customer);
CREATE INDEX charges_by_payment_intent ON charges (payment_intent);
CREATE INDEX charges_by_invoice ON charges (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX charges_by_payment_method ON charges (payment_method) WHERE payment_method IS NOT NULL;

-- Mirror of Stripe's refund objects.
CREATE TABLE refunds (
    id             TEXT NOT NULL,
    account        TEXT,
    livemode       BOOLEAN NOT NULL,
    created        BIGINT NOT NULL,
    deleted_at     BIGINT,
    as_of          BIGINT NOT NULL,
    event_id       TEXT,
    api_version    TEXT,
    data           TEXT NOT NULL,
    charge         TEXT,
    payment_intent TEXT,
    status         TEXT,
    currency       TEXT,
    amount         BIGINT,
    reason         TEXT,
    failure_reason TEXT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX refunds_by_created ON refunds (created, id);
CREATE INDEX refunds_by_charge ON refunds (charge);
CREATE INDEX refunds_by_payment_intent ON refunds (payment_intent);

-- Mirror of Stripe's checkout.session objects.
CREATE TABLE checkout_sessions (
    id                  TEXT NOT NULL,
    account             TEXT,
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    customer            TEXT,
    subscription        TEXT,
    payment_intent      TEXT,
    mode                TEXT,
    status              TEXT,
    payment_status      TEXT,
    currency            TEXT,
    amount_total        BIGINT,
    client_reference_id TEXT,
    expires             BIGINT,
    PRIMARY KEY (id, livemode)
);
CREATE INDEX checkout_sessions_by_created ON checkout_sessions (created, id);
CREATE INDEX checkout_sessions_by_customer ON checkout_sessions (customer);
CREATE INDEX checkout_sessions_by_client_reference_id ON checkout_sessions (client_reference_id);
CREATE INDEX checkout_sessions_by_subscription ON checkout_sessions (subscription) WHERE subscription IS NOT NULL;
CREATE INDEX checkout_sessions_by_payment_intent ON checkout_sessions (payment_intent) WHERE payment_intent IS NOT NULL;

-- Mirror of the object types that have no table of their own; an object without an id of its own has its type as id.
CREATE TABLE objects (
    object      TEXT NOT NULL,
    id          TEXT NOT NULL,
    account     TEXT NOT NULL,
    livemode    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    deleted_at  BIGINT,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    api_version TEXT,
    data        TEXT NOT NULL,
    PRIMARY KEY (id, object, account, livemode)
);
CREATE INDEX objects_by_created ON objects (object, created, id);
