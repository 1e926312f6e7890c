-- Tables for more of Stripe's object types. What the general table has of them is moved by the program when the migration
-- has run, in small transactions.

-- Mirror of Stripe's payment_method objects.
CREATE TABLE payment_methods (
    id              TEXT NOT NULL,
    account         TEXT NOT NULL DEFAULT '',
    livemode        BOOLEAN NOT NULL,
    created         BIGINT NOT NULL,
    deleted_at      BIGINT,
    as_of           BIGINT NOT NULL,
    event_id        TEXT,
    api_version     TEXT,
    data            TEXT NOT NULL,
    customer        TEXT,
    type            TEXT,
    brand           TEXT,
    last4           TEXT,
    exp_month       BIGINT,
    exp_year        BIGINT,
    country         TEXT,
    fingerprint     TEXT,
    email           TEXT,
    name            TEXT,
    allow_redisplay TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX payment_methods_by_created ON payment_methods (created, id);
CREATE INDEX payment_methods_by_customer ON payment_methods (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX payment_methods_by_fingerprint ON payment_methods (fingerprint, created, id);

-- Mirror of Stripe's card objects.
CREATE TABLE cards (
    id                   TEXT NOT NULL,
    account              TEXT NOT NULL DEFAULT '',
    livemode             BOOLEAN NOT NULL,
    created              BIGINT NOT NULL,
    deleted_at           BIGINT,
    as_of                BIGINT NOT NULL,
    event_id             TEXT,
    api_version          TEXT,
    data                 TEXT NOT NULL,
    customer             TEXT,
    connected_account    TEXT,
    brand                TEXT,
    last4                TEXT,
    exp_month            BIGINT,
    exp_year             BIGINT,
    funding              TEXT,
    country              TEXT,
    currency             TEXT,
    fingerprint          TEXT,
    name                 TEXT,
    default_for_currency BOOLEAN,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX cards_by_created ON cards (created, id);
CREATE INDEX cards_by_customer ON cards (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX cards_by_connected_account ON cards (connected_account, created, id) WHERE connected_account IS NOT NULL;
CREATE INDEX cards_by_fingerprint ON cards (fingerprint, created, id);

-- Mirror of Stripe's bank_account objects.
CREATE TABLE bank_accounts (
    id                   TEXT NOT NULL,
    account              TEXT NOT NULL DEFAULT '',
    livemode             BOOLEAN NOT NULL,
    created              BIGINT NOT NULL,
    deleted_at           BIGINT,
    as_of                BIGINT NOT NULL,
    event_id             TEXT,
    api_version          TEXT,
    data                 TEXT NOT NULL,
    customer             TEXT,
    connected_account    TEXT,
    bank_name            TEXT,
    last4                TEXT,
    country              TEXT,
    currency             TEXT,
    status               TEXT,
    fingerprint          TEXT,
    account_holder_name  TEXT,
    account_holder_type  TEXT,
    default_for_currency BOOLEAN,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX bank_accounts_by_created ON bank_accounts (created, id);
CREATE INDEX bank_accounts_by_customer ON bank_accounts (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX bank_accounts_by_connected_account ON bank_accounts (connected_account, created, id) WHERE connected_account IS NOT NULL;
CREATE INDEX bank_accounts_by_fingerprint ON bank_accounts (fingerprint, created, id);

-- Mirror of Stripe's source objects.
CREATE TABLE sources (
    id          TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    livemode    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    deleted_at  BIGINT,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    api_version TEXT,
    data        TEXT NOT NULL,
    customer    TEXT,
    type        TEXT,
    status      TEXT,
    flow        TEXT,
    usage       TEXT,
    currency    TEXT,
    amount      BIGINT,
    last4       TEXT,
    email       TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX sources_by_created ON sources (created, id);
CREATE INDEX sources_by_customer ON sources (customer, created, id) WHERE customer IS NOT NULL;

-- Mirror of Stripe's tax_id objects.
CREATE TABLE tax_ids (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    customer            TEXT,
    connected_account   TEXT,
    owner_type          TEXT,
    type                TEXT,
    value               TEXT,
    country             TEXT,
    verification_status TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX tax_ids_by_created ON tax_ids (created, id);
CREATE INDEX tax_ids_by_customer ON tax_ids (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX tax_ids_by_connected_account ON tax_ids (connected_account, created, id) WHERE connected_account IS NOT NULL;

-- Mirror of Stripe's customer_balance_transaction objects.
CREATE TABLE customer_balance_transactions (
    id               TEXT NOT NULL,
    account          TEXT NOT NULL DEFAULT '',
    livemode         BOOLEAN NOT NULL,
    created          BIGINT NOT NULL,
    deleted_at       BIGINT,
    as_of            BIGINT NOT NULL,
    event_id         TEXT,
    api_version      TEXT,
    data             TEXT NOT NULL,
    customer         TEXT,
    type             TEXT,
    currency         TEXT,
    amount           BIGINT,
    ending_balance   BIGINT,
    invoice          TEXT,
    credit_note      TEXT,
    checkout_session TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX customer_balance_transactions_by_created ON customer_balance_transactions (created, id);
CREATE INDEX customer_balance_transactions_by_customer ON customer_balance_transactions (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX customer_balance_transactions_by_invoice ON customer_balance_transactions (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX customer_balance_transactions_by_credit_note ON customer_balance_transactions (credit_note, created, id) WHERE credit_note IS NOT NULL;
CREATE INDEX customer_balance_transactions_by_checkout_session ON customer_balance_transactions (checkout_session, created, id) WHERE checkout_session IS NOT NULL;

-- Mirror of Stripe's customer_cash_balance_transaction objects.
CREATE TABLE customer_cash_balance_transactions (
    id             TEXT NOT NULL,
    account        TEXT NOT NULL DEFAULT '',
    livemode       BOOLEAN NOT NULL,
    created        BIGINT NOT NULL,
    deleted_at     BIGINT,
    as_of          BIGINT NOT NULL,
    event_id       TEXT,
    api_version    TEXT,
    data           TEXT NOT NULL,
    customer       TEXT,
    type           TEXT,
    currency       TEXT,
    net_amount     BIGINT,
    ending_balance BIGINT,
    payment_intent TEXT,
    refund         TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX customer_cash_balance_transactions_by_created ON customer_cash_balance_transactions (created, id);
CREATE INDEX customer_cash_balance_transactions_by_customer ON customer_cash_balance_transactions (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX customer_cash_balance_transactions_by_payment_intent ON customer_cash_balance_transactions (payment_intent, created, id) WHERE payment_intent IS NOT NULL;
CREATE INDEX customer_cash_balance_transactions_by_refund ON customer_cash_balance_transactions (refund, created, id) WHERE refund IS NOT NULL;

-- Mirror of Stripe's entitlements.active_entitlement_summary objects.
CREATE TABLE active_entitlement_summaries (
    id          TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    livemode    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    deleted_at  BIGINT,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    api_version TEXT,
    data        TEXT NOT NULL,
    customer    TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX active_entitlement_summaries_by_created ON active_entitlement_summaries (created, id);
CREATE INDEX active_entitlement_summaries_by_customer ON active_entitlement_summaries (customer, created, id) WHERE customer IS NOT NULL;

-- Mirror of Stripe's entitlements.active_entitlement objects.
CREATE TABLE active_entitlements (
    id          TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    livemode    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    deleted_at  BIGINT,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    api_version TEXT,
    data        TEXT NOT NULL,
    customer    TEXT,
    feature     TEXT,
    lookup_key  TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX active_entitlements_by_created ON active_entitlements (created, id);
CREATE INDEX active_entitlements_by_customer ON active_entitlements (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX active_entitlements_by_feature ON active_entitlements (feature, created, id) WHERE feature IS NOT NULL;
CREATE INDEX active_entitlements_by_lookup_key ON active_entitlements (lookup_key, created, id);

-- Mirror of Stripe's setup_intent objects.
CREATE TABLE setup_intents (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    customer            TEXT,
    status              TEXT,
    usage               TEXT,
    payment_method      TEXT,
    mandate             TEXT,
    single_use_mandate  TEXT,
    latest_attempt      TEXT,
    cancellation_reason TEXT,
    on_behalf_of        TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX setup_intents_by_created ON setup_intents (created, id);
CREATE INDEX setup_intents_by_customer ON setup_intents (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX setup_intents_by_status ON setup_intents (status, created, id);
CREATE INDEX setup_intents_by_payment_method ON setup_intents (payment_method, created, id) WHERE payment_method IS NOT NULL;
CREATE INDEX setup_intents_by_mandate ON setup_intents (mandate, created, id) WHERE mandate IS NOT NULL;
CREATE INDEX setup_intents_by_single_use_mandate ON setup_intents (single_use_mandate, created, id) WHERE single_use_mandate IS NOT NULL;
CREATE INDEX setup_intents_by_on_behalf_of ON setup_intents (on_behalf_of, created, id) WHERE on_behalf_of IS NOT NULL;

-- Mirror of Stripe's payment_link objects.
CREATE TABLE payment_links (
    id                      TEXT NOT NULL,
    account                 TEXT NOT NULL DEFAULT '',
    livemode                BOOLEAN NOT NULL,
    created                 BIGINT NOT NULL,
    deleted_at              BIGINT,
    as_of                   BIGINT NOT NULL,
    event_id                TEXT,
    api_version             TEXT,
    data                    TEXT NOT NULL,
    active                  BOOLEAN,
    url                     TEXT,
    currency                TEXT,
    submit_type             TEXT,
    application_fee_amount  BIGINT,
    application_fee_percent TEXT,
    on_behalf_of            TEXT,
    transfer_destination    TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX payment_links_by_created ON payment_links (created, id);
CREATE INDEX payment_links_by_on_behalf_of ON payment_links (on_behalf_of, created, id) WHERE on_behalf_of IS NOT NULL;
CREATE INDEX payment_links_by_transfer_destination ON payment_links (transfer_destination, created, id) WHERE transfer_destination IS NOT NULL;

-- Mirror of Stripe's mandate objects.
CREATE TABLE mandates (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    payment_method      TEXT,
    status              TEXT,
    type                TEXT,
    payment_method_type TEXT,
    accepted_at         BIGINT,
    currency            TEXT,
    amount              BIGINT,
    on_behalf_of        TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX mandates_by_created ON mandates (created, id);
CREATE INDEX mandates_by_payment_method ON mandates (payment_method, created, id) WHERE payment_method IS NOT NULL;
CREATE INDEX mandates_by_on_behalf_of ON mandates (on_behalf_of, created, id) WHERE on_behalf_of IS NOT NULL;

-- Mirror of Stripe's dispute objects.
CREATE TABLE disputes (
    id                   TEXT NOT NULL,
    account              TEXT NOT NULL DEFAULT '',
    livemode             BOOLEAN NOT NULL,
    created              BIGINT NOT NULL,
    deleted_at           BIGINT,
    as_of                BIGINT NOT NULL,
    event_id             TEXT,
    api_version          TEXT,
    data                 TEXT NOT NULL,
    charge               TEXT,
    payment_intent       TEXT,
    status               TEXT,
    reason               TEXT,
    currency             TEXT,
    amount               BIGINT,
    due_by               BIGINT,
    has_evidence         BOOLEAN,
    past_due             BOOLEAN,
    submission_count     BIGINT,
    is_charge_refundable BOOLEAN,
    network_reason_code  TEXT,
    balance_transaction  TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX disputes_by_created ON disputes (created, id);
CREATE INDEX disputes_by_charge ON disputes (charge, created, id) WHERE charge IS NOT NULL;
CREATE INDEX disputes_by_payment_intent ON disputes (payment_intent, created, id) WHERE payment_intent IS NOT NULL;
CREATE INDEX disputes_by_status ON disputes (status, created, id);
CREATE INDEX disputes_by_balance_transaction ON disputes (balance_transaction, created, id) WHERE balance_transaction IS NOT NULL;

-- Mirror of Stripe's radar.early_fraud_warning objects.
CREATE TABLE early_fraud_warnings (
    id             TEXT NOT NULL,
    account        TEXT NOT NULL DEFAULT '',
    livemode       BOOLEAN NOT NULL,
    created        BIGINT NOT NULL,
    deleted_at     BIGINT,
    as_of          BIGINT NOT NULL,
    event_id       TEXT,
    api_version    TEXT,
    data           TEXT NOT NULL,
    charge         TEXT,
    payment_intent TEXT,
    actionable     BOOLEAN,
    fraud_type     TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX early_fraud_warnings_by_created ON early_fraud_warnings (created, id);
CREATE INDEX early_fraud_warnings_by_charge ON early_fraud_warnings (charge, created, id) WHERE charge IS NOT NULL;
CREATE INDEX early_fraud_warnings_by_payment_intent ON early_fraud_warnings (payment_intent, created, id) WHERE payment_intent IS NOT NULL;

-- Mirror of Stripe's review objects.
CREATE TABLE reviews (
    id             TEXT NOT NULL,
    account        TEXT NOT NULL DEFAULT '',
    livemode       BOOLEAN NOT NULL,
    created        BIGINT NOT NULL,
    deleted_at     BIGINT,
    as_of          BIGINT NOT NULL,
    event_id       TEXT,
    api_version    TEXT,
    data           TEXT NOT NULL,
    charge         TEXT,
    payment_intent TEXT,
    open           BOOLEAN,
    reason         TEXT,
    opened_reason  TEXT,
    closed_reason  TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX reviews_by_created ON reviews (created, id);
CREATE INDEX reviews_by_charge ON reviews (charge, created, id) WHERE charge IS NOT NULL;
CREATE INDEX reviews_by_payment_intent ON reviews (payment_intent, created, id) WHERE payment_intent IS NOT NULL;

-- Mirror of Stripe's subscription_schedule objects.
CREATE TABLE subscription_schedules (
    id                    TEXT NOT NULL,
    account               TEXT NOT NULL DEFAULT '',
    livemode              BOOLEAN NOT NULL,
    created               BIGINT NOT NULL,
    deleted_at            BIGINT,
    as_of                 BIGINT NOT NULL,
    event_id              TEXT,
    api_version           TEXT,
    data                  TEXT NOT NULL,
    customer              TEXT,
    subscription          TEXT,
    released_subscription TEXT,
    status                TEXT,
    end_behavior          TEXT,
    phase_start_date      BIGINT,
    phase_end_date        BIGINT,
    canceled_at           BIGINT,
    completed_at          BIGINT,
    released_at           BIGINT,
    test_clock            TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX subscription_schedules_by_created ON subscription_schedules (created, id);
CREATE INDEX subscription_schedules_by_customer ON subscription_schedules (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX subscription_schedules_by_subscription ON subscription_schedules (subscription, created, id) WHERE subscription IS NOT NULL;
CREATE INDEX subscription_schedules_by_released_subscription ON subscription_schedules (released_subscription, created, id) WHERE released_subscription IS NOT NULL;
CREATE INDEX subscription_schedules_by_test_clock ON subscription_schedules (test_clock, created, id) WHERE test_clock IS NOT NULL;

-- Mirror of Stripe's line_item objects.
CREATE TABLE line_items (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    invoice             TEXT,
    description         TEXT,
    subscription        TEXT,
    subscription_item   TEXT,
    invoice_item        TEXT,
    price               TEXT,
    product             TEXT,
    proration           BOOLEAN,
    currency            TEXT,
    amount              BIGINT,
    subtotal            BIGINT,
    quantity            BIGINT,
    quantity_decimal    TEXT,
    unit_amount_decimal TEXT,
    period_start        BIGINT,
    period_end          BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX line_items_by_created ON line_items (created, id);
CREATE INDEX line_items_by_invoice ON line_items (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX line_items_by_subscription ON line_items (subscription, created, id) WHERE subscription IS NOT NULL;
CREATE INDEX line_items_by_subscription_item ON line_items (subscription_item, created, id) WHERE subscription_item IS NOT NULL;
CREATE INDEX line_items_by_invoice_item ON line_items (invoice_item, created, id) WHERE invoice_item IS NOT NULL;
CREATE INDEX line_items_by_price ON line_items (price, created, id) WHERE price IS NOT NULL;
CREATE INDEX line_items_by_product ON line_items (product, created, id) WHERE product IS NOT NULL;

-- Mirror of Stripe's invoiceitem objects.
CREATE TABLE invoice_items (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    customer            TEXT,
    description         TEXT,
    invoice             TEXT,
    subscription        TEXT,
    subscription_item   TEXT,
    price               TEXT,
    product             TEXT,
    proration           BOOLEAN,
    currency            TEXT,
    amount              BIGINT,
    net_amount          BIGINT,
    quantity            BIGINT,
    quantity_decimal    TEXT,
    unit_amount_decimal TEXT,
    period_start        BIGINT,
    period_end          BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX invoice_items_by_created ON invoice_items (created, id);
CREATE INDEX invoice_items_by_customer ON invoice_items (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX invoice_items_by_invoice ON invoice_items (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX invoice_items_by_subscription ON invoice_items (subscription, created, id) WHERE subscription IS NOT NULL;
CREATE INDEX invoice_items_by_subscription_item ON invoice_items (subscription_item, created, id) WHERE subscription_item IS NOT NULL;
CREATE INDEX invoice_items_by_price ON invoice_items (price, created, id) WHERE price IS NOT NULL;
CREATE INDEX invoice_items_by_product ON invoice_items (product, created, id) WHERE product IS NOT NULL;

-- Mirror of Stripe's invoice_payment objects.
CREATE TABLE invoice_payments (
    id               TEXT NOT NULL,
    account          TEXT NOT NULL DEFAULT '',
    livemode         BOOLEAN NOT NULL,
    created          BIGINT NOT NULL,
    deleted_at       BIGINT,
    as_of            BIGINT NOT NULL,
    event_id         TEXT,
    api_version      TEXT,
    data             TEXT NOT NULL,
    invoice          TEXT,
    payment_intent   TEXT,
    charge           TEXT,
    status           TEXT,
    currency         TEXT,
    amount_requested BIGINT,
    amount_paid      BIGINT,
    is_default       BOOLEAN,
    paid_at          BIGINT,
    canceled_at      BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX invoice_payments_by_created ON invoice_payments (created, id);
CREATE INDEX invoice_payments_by_invoice ON invoice_payments (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX invoice_payments_by_payment_intent ON invoice_payments (payment_intent, created, id) WHERE payment_intent IS NOT NULL;
CREATE INDEX invoice_payments_by_charge ON invoice_payments (charge, created, id) WHERE charge IS NOT NULL;

-- Mirror of Stripe's credit_note objects.
CREATE TABLE credit_notes (
    id                           TEXT NOT NULL,
    account                      TEXT NOT NULL DEFAULT '',
    livemode                     BOOLEAN NOT NULL,
    created                      BIGINT NOT NULL,
    deleted_at                   BIGINT,
    as_of                        BIGINT NOT NULL,
    event_id                     TEXT,
    api_version                  TEXT,
    data                         TEXT NOT NULL,
    number                       TEXT,
    invoice                      TEXT,
    customer                     TEXT,
    status                       TEXT,
    type                         TEXT,
    reason                       TEXT,
    currency                     TEXT,
    amount                       BIGINT,
    total                        BIGINT,
    subtotal                     BIGINT,
    refund                       TEXT,
    customer_balance_transaction TEXT,
    effective_at                 BIGINT,
    voided_at                    BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX credit_notes_by_created ON credit_notes (created, id);
CREATE INDEX credit_notes_by_invoice ON credit_notes (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX credit_notes_by_customer ON credit_notes (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX credit_notes_by_refund ON credit_notes (refund, created, id) WHERE refund IS NOT NULL;
CREATE INDEX credit_notes_by_customer_balance_transaction ON credit_notes (customer_balance_transaction, created, id) WHERE customer_balance_transaction IS NOT NULL;

-- Mirror of Stripe's quote objects.
CREATE TABLE quotes (
    id                    TEXT NOT NULL,
    account               TEXT NOT NULL DEFAULT '',
    livemode              BOOLEAN NOT NULL,
    created               BIGINT NOT NULL,
    deleted_at            BIGINT,
    as_of                 BIGINT NOT NULL,
    event_id              TEXT,
    api_version           TEXT,
    data                  TEXT NOT NULL,
    number                TEXT,
    customer              TEXT,
    status                TEXT,
    currency              TEXT,
    amount_subtotal       BIGINT,
    amount_total          BIGINT,
    expires_at            BIGINT,
    accepted_at           BIGINT,
    collection_method     TEXT,
    invoice               TEXT,
    subscription          TEXT,
    subscription_schedule TEXT,
    from_quote            TEXT,
    test_clock            TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX quotes_by_created ON quotes (created, id);
CREATE INDEX quotes_by_customer ON quotes (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX quotes_by_status ON quotes (status, created, id);
CREATE INDEX quotes_by_invoice ON quotes (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX quotes_by_subscription ON quotes (subscription, created, id) WHERE subscription IS NOT NULL;
CREATE INDEX quotes_by_subscription_schedule ON quotes (subscription_schedule, created, id) WHERE subscription_schedule IS NOT NULL;
CREATE INDEX quotes_by_from_quote ON quotes (from_quote, created, id) WHERE from_quote IS NOT NULL;
CREATE INDEX quotes_by_test_clock ON quotes (test_clock, created, id) WHERE test_clock IS NOT NULL;

-- Mirror of Stripe's discount objects.
CREATE TABLE discounts (
    id                TEXT NOT NULL,
    account           TEXT NOT NULL DEFAULT '',
    livemode          BOOLEAN NOT NULL,
    created           BIGINT NOT NULL,
    deleted_at        BIGINT,
    as_of             BIGINT NOT NULL,
    event_id          TEXT,
    api_version       TEXT,
    data              TEXT NOT NULL,
    customer          TEXT,
    subscription      TEXT,
    subscription_item TEXT,
    invoice           TEXT,
    invoice_item      TEXT,
    checkout_session  TEXT,
    coupon            TEXT,
    promotion_code    TEXT,
    start_date        BIGINT,
    end_date          BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX discounts_by_created ON discounts (created, id);
CREATE INDEX discounts_by_customer ON discounts (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX discounts_by_subscription ON discounts (subscription, created, id) WHERE subscription IS NOT NULL;
CREATE INDEX discounts_by_subscription_item ON discounts (subscription_item, created, id) WHERE subscription_item IS NOT NULL;
CREATE INDEX discounts_by_invoice ON discounts (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX discounts_by_invoice_item ON discounts (invoice_item, created, id) WHERE invoice_item IS NOT NULL;
CREATE INDEX discounts_by_checkout_session ON discounts (checkout_session, created, id) WHERE checkout_session IS NOT NULL;
CREATE INDEX discounts_by_coupon ON discounts (coupon, created, id) WHERE coupon IS NOT NULL;
CREATE INDEX discounts_by_promotion_code ON discounts (promotion_code, created, id) WHERE promotion_code IS NOT NULL;

-- Mirror of Stripe's billing.meter objects.
CREATE TABLE billing_meters (
    id                TEXT NOT NULL,
    account           TEXT NOT NULL DEFAULT '',
    livemode          BOOLEAN NOT NULL,
    created           BIGINT NOT NULL,
    deleted_at        BIGINT,
    as_of             BIGINT NOT NULL,
    event_id          TEXT,
    api_version       TEXT,
    data              TEXT NOT NULL,
    display_name      TEXT,
    event_name        TEXT,
    status            TEXT,
    event_time_window TEXT,
    aggregation       TEXT,
    updated           BIGINT,
    deactivated_at    BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX billing_meters_by_created ON billing_meters (created, id);
CREATE INDEX billing_meters_by_event_name ON billing_meters (event_name, created, id);

-- Mirror of Stripe's billing.credit_grant objects.
CREATE TABLE billing_credit_grants (
    id           TEXT NOT NULL,
    account      TEXT NOT NULL DEFAULT '',
    livemode     BOOLEAN NOT NULL,
    created      BIGINT NOT NULL,
    deleted_at   BIGINT,
    as_of        BIGINT NOT NULL,
    event_id     TEXT,
    api_version  TEXT,
    data         TEXT NOT NULL,
    name         TEXT,
    customer     TEXT,
    category     TEXT,
    currency     TEXT,
    amount       BIGINT,
    effective_at BIGINT,
    expires_at   BIGINT,
    voided_at    BIGINT,
    priority     BIGINT,
    updated      BIGINT,
    test_clock   TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX billing_credit_grants_by_created ON billing_credit_grants (created, id);
CREATE INDEX billing_credit_grants_by_customer ON billing_credit_grants (customer, created, id) WHERE customer IS NOT NULL;
CREATE INDEX billing_credit_grants_by_test_clock ON billing_credit_grants (test_clock, created, id) WHERE test_clock IS NOT NULL;

-- Mirror of Stripe's billing.credit_balance_transaction objects.
CREATE TABLE billing_credit_balance_transactions (
    id           TEXT NOT NULL,
    account      TEXT NOT NULL DEFAULT '',
    livemode     BOOLEAN NOT NULL,
    created      BIGINT NOT NULL,
    deleted_at   BIGINT,
    as_of        BIGINT NOT NULL,
    event_id     TEXT,
    api_version  TEXT,
    data         TEXT NOT NULL,
    credit_grant TEXT,
    type         TEXT,
    currency     TEXT,
    amount       BIGINT,
    invoice      TEXT,
    effective_at BIGINT,
    test_clock   TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX billing_credit_balance_transactions_by_created ON billing_credit_balance_transactions (created, id);
CREATE INDEX billing_credit_balance_transactions_by_credit_grant ON billing_credit_balance_transactions (credit_grant, created, id) WHERE credit_grant IS NOT NULL;
CREATE INDEX billing_credit_balance_transactions_by_invoice ON billing_credit_balance_transactions (invoice, created, id) WHERE invoice IS NOT NULL;
CREATE INDEX billing_credit_balance_transactions_by_test_clock ON billing_credit_balance_transactions (test_clock, created, id) WHERE test_clock IS NOT NULL;

-- Mirror of Stripe's billing_portal.configuration objects.
CREATE TABLE billing_portal_configurations (
    id                 TEXT NOT NULL,
    account            TEXT NOT NULL DEFAULT '',
    livemode           BOOLEAN NOT NULL,
    created            BIGINT NOT NULL,
    deleted_at         BIGINT,
    as_of              BIGINT NOT NULL,
    event_id           TEXT,
    api_version        TEXT,
    data               TEXT NOT NULL,
    name               TEXT,
    active             BOOLEAN,
    is_default         BOOLEAN,
    default_return_url TEXT,
    login_page_enabled BOOLEAN,
    updated            BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX billing_portal_configurations_by_created ON billing_portal_configurations (created, id);

-- Mirror of Stripe's plan objects.
CREATE TABLE plans (
    id                       TEXT NOT NULL,
    account                  TEXT NOT NULL DEFAULT '',
    livemode                 BOOLEAN NOT NULL,
    created                  BIGINT NOT NULL,
    deleted_at               BIGINT,
    as_of                    BIGINT NOT NULL,
    event_id                 TEXT,
    api_version              TEXT,
    data                     TEXT NOT NULL,
    product                  TEXT,
    active                   BOOLEAN,
    nickname                 TEXT,
    currency                 TEXT,
    amount                   BIGINT,
    amount_decimal           TEXT,
    recurring_interval       TEXT,
    recurring_interval_count BIGINT,
    billing_scheme           TEXT,
    tiers_mode               TEXT,
    usage_type               TEXT,
    trial_period_days        BIGINT,
    meter                    TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX plans_by_created ON plans (created, id);
CREATE INDEX plans_by_product ON plans (product, created, id) WHERE product IS NOT NULL;
CREATE INDEX plans_by_meter ON plans (meter, created, id) WHERE meter IS NOT NULL;

-- Mirror of Stripe's coupon objects.
CREATE TABLE coupons (
    id                 TEXT NOT NULL,
    account            TEXT NOT NULL DEFAULT '',
    livemode           BOOLEAN NOT NULL,
    created            BIGINT NOT NULL,
    deleted_at         BIGINT,
    as_of              BIGINT NOT NULL,
    event_id           TEXT,
    api_version        TEXT,
    data               TEXT NOT NULL,
    name               TEXT,
    valid              BOOLEAN,
    duration           TEXT,
    duration_in_months BIGINT,
    currency           TEXT,
    amount_off         BIGINT,
    percent_off        TEXT,
    max_redemptions    BIGINT,
    times_redeemed     BIGINT,
    redeem_by          BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX coupons_by_created ON coupons (created, id);

-- Mirror of Stripe's promotion_code objects.
CREATE TABLE promotion_codes (
    id              TEXT NOT NULL,
    account         TEXT NOT NULL DEFAULT '',
    livemode        BOOLEAN NOT NULL,
    created         BIGINT NOT NULL,
    deleted_at      BIGINT,
    as_of           BIGINT NOT NULL,
    event_id        TEXT,
    api_version     TEXT,
    data            TEXT NOT NULL,
    code            TEXT,
    coupon          TEXT,
    customer        TEXT,
    active          BOOLEAN,
    max_redemptions BIGINT,
    times_redeemed  BIGINT,
    expires_at      BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX promotion_codes_by_created ON promotion_codes (created, id);
CREATE INDEX promotion_codes_by_code ON promotion_codes (code, created, id);
CREATE INDEX promotion_codes_by_coupon ON promotion_codes (coupon, created, id) WHERE coupon IS NOT NULL;
CREATE INDEX promotion_codes_by_customer ON promotion_codes (customer, created, id) WHERE customer IS NOT NULL;

-- Mirror of Stripe's tax_rate objects.
CREATE TABLE tax_rates (
    id                   TEXT NOT NULL,
    account              TEXT NOT NULL DEFAULT '',
    livemode             BOOLEAN NOT NULL,
    created              BIGINT NOT NULL,
    deleted_at           BIGINT,
    as_of                BIGINT NOT NULL,
    event_id             TEXT,
    api_version          TEXT,
    data                 TEXT NOT NULL,
    display_name         TEXT,
    active               BOOLEAN,
    percentage           TEXT,
    effective_percentage TEXT,
    inclusive            BOOLEAN,
    country              TEXT,
    state                TEXT,
    jurisdiction         TEXT,
    tax_type             TEXT,
    rate_type            TEXT,
    currency             TEXT,
    amount               BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX tax_rates_by_created ON tax_rates (created, id);

-- Mirror of Stripe's shipping_rate objects.
CREATE TABLE shipping_rates (
    id           TEXT NOT NULL,
    account      TEXT NOT NULL DEFAULT '',
    livemode     BOOLEAN NOT NULL,
    created      BIGINT NOT NULL,
    deleted_at   BIGINT,
    as_of        BIGINT NOT NULL,
    event_id     TEXT,
    api_version  TEXT,
    data         TEXT NOT NULL,
    display_name TEXT,
    active       BOOLEAN,
    type         TEXT,
    currency     TEXT,
    amount       BIGINT,
    tax_behavior TEXT,
    tax_code     TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX shipping_rates_by_created ON shipping_rates (created, id);

-- Mirror of Stripe's entitlements.feature objects.
CREATE TABLE entitlement_features (
    id          TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    livemode    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    deleted_at  BIGINT,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    api_version TEXT,
    data        TEXT NOT NULL,
    name        TEXT,
    lookup_key  TEXT,
    active      BOOLEAN,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX entitlement_features_by_created ON entitlement_features (created, id);
CREATE INDEX entitlement_features_by_lookup_key ON entitlement_features (lookup_key, created, id);

-- Mirror of Stripe's balance_transaction objects.
CREATE TABLE balance_transactions (
    id                 TEXT NOT NULL,
    account            TEXT NOT NULL DEFAULT '',
    livemode           BOOLEAN NOT NULL,
    created            BIGINT NOT NULL,
    deleted_at         BIGINT,
    as_of              BIGINT NOT NULL,
    event_id           TEXT,
    api_version        TEXT,
    data               TEXT NOT NULL,
    type               TEXT,
    status             TEXT,
    reporting_category TEXT,
    currency           TEXT,
    amount             BIGINT,
    fee                BIGINT,
    net                BIGINT,
    source             TEXT,
    available_on       BIGINT,
    exchange_rate      TEXT,
    balance_type       TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX balance_transactions_by_created ON balance_transactions (created, id);
CREATE INDEX balance_transactions_by_type ON balance_transactions (type, created, id);
CREATE INDEX balance_transactions_by_source ON balance_transactions (source, created, id);

-- Mirror of Stripe's payout objects.
CREATE TABLE payouts (
    id                          TEXT NOT NULL,
    account                     TEXT NOT NULL DEFAULT '',
    livemode                    BOOLEAN NOT NULL,
    created                     BIGINT NOT NULL,
    deleted_at                  BIGINT,
    as_of                       BIGINT NOT NULL,
    event_id                    TEXT,
    api_version                 TEXT,
    data                        TEXT NOT NULL,
    status                      TEXT,
    type                        TEXT,
    method                      TEXT,
    currency                    TEXT,
    amount                      BIGINT,
    arrival_date                BIGINT,
    automatic                   BOOLEAN,
    balance_transaction         TEXT,
    failure_balance_transaction TEXT,
    failure_code                TEXT,
    destination                 TEXT,
    original_payout             TEXT,
    reversed_by                 TEXT,
    reconciliation_status       TEXT,
    trace_id                    TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX payouts_by_created ON payouts (created, id);
CREATE INDEX payouts_by_status ON payouts (status, created, id);
CREATE INDEX payouts_by_balance_transaction ON payouts (balance_transaction, created, id) WHERE balance_transaction IS NOT NULL;
CREATE INDEX payouts_by_failure_balance_transaction ON payouts (failure_balance_transaction, created, id) WHERE failure_balance_transaction IS NOT NULL;
CREATE INDEX payouts_by_destination ON payouts (destination, created, id);
CREATE INDEX payouts_by_original_payout ON payouts (original_payout, created, id) WHERE original_payout IS NOT NULL;
CREATE INDEX payouts_by_reversed_by ON payouts (reversed_by, created, id) WHERE reversed_by IS NOT NULL;

-- Mirror of Stripe's topup objects.
CREATE TABLE topups (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    status              TEXT,
    currency            TEXT,
    amount              BIGINT,
    balance_transaction TEXT,
    source              TEXT,
    arrival_date        BIGINT,
    failure_code        TEXT,
    transfer_group      TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX topups_by_created ON topups (created, id);
CREATE INDEX topups_by_balance_transaction ON topups (balance_transaction, created, id) WHERE balance_transaction IS NOT NULL;
CREATE INDEX topups_by_source ON topups (source, created, id) WHERE source IS NOT NULL;
CREATE INDEX topups_by_transfer_group ON topups (transfer_group, created, id);

-- Mirror of Stripe's person objects.
CREATE TABLE persons (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    connected_account   TEXT,
    first_name          TEXT,
    last_name           TEXT,
    email               TEXT,
    phone               TEXT,
    representative      BOOLEAN,
    owner               BOOLEAN,
    director            BOOLEAN,
    executive           BOOLEAN,
    verification_status TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX persons_by_created ON persons (created, id);
CREATE INDEX persons_by_connected_account ON persons (connected_account, created, id) WHERE connected_account IS NOT NULL;

-- Mirror of Stripe's capability objects.
CREATE TABLE capabilities (
    id                TEXT NOT NULL,
    account           TEXT NOT NULL DEFAULT '',
    livemode          BOOLEAN NOT NULL,
    created           BIGINT NOT NULL,
    deleted_at        BIGINT,
    as_of             BIGINT NOT NULL,
    event_id          TEXT,
    api_version       TEXT,
    data              TEXT NOT NULL,
    connected_account TEXT,
    status            TEXT,
    requested         BOOLEAN,
    requested_at      BIGINT,
    disabled_reason   TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX capabilities_by_created ON capabilities (created, id);
CREATE INDEX capabilities_by_connected_account ON capabilities (connected_account, created, id) WHERE connected_account IS NOT NULL;

-- Mirror of Stripe's transfer objects.
CREATE TABLE transfers (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    destination         TEXT,
    currency            TEXT,
    amount              BIGINT,
    amount_reversed     BIGINT,
    reversed            BOOLEAN,
    balance_transaction TEXT,
    destination_payment TEXT,
    source_transaction  TEXT,
    transfer_group      TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX transfers_by_created ON transfers (created, id);
CREATE INDEX transfers_by_destination ON transfers (destination, created, id) WHERE destination IS NOT NULL;
CREATE INDEX transfers_by_balance_transaction ON transfers (balance_transaction, created, id) WHERE balance_transaction IS NOT NULL;
CREATE INDEX transfers_by_destination_payment ON transfers (destination_payment, created, id) WHERE destination_payment IS NOT NULL;
CREATE INDEX transfers_by_source_transaction ON transfers (source_transaction, created, id) WHERE source_transaction IS NOT NULL;
CREATE INDEX transfers_by_transfer_group ON transfers (transfer_group, created, id);

-- Mirror of Stripe's transfer_reversal objects.
CREATE TABLE transfer_reversals (
    id                         TEXT NOT NULL,
    account                    TEXT NOT NULL DEFAULT '',
    livemode                   BOOLEAN NOT NULL,
    created                    BIGINT NOT NULL,
    deleted_at                 BIGINT,
    as_of                      BIGINT NOT NULL,
    event_id                   TEXT,
    api_version                TEXT,
    data                       TEXT NOT NULL,
    transfer                   TEXT,
    currency                   TEXT,
    amount                     BIGINT,
    balance_transaction        TEXT,
    source_refund              TEXT,
    destination_payment_refund TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX transfer_reversals_by_created ON transfer_reversals (created, id);
CREATE INDEX transfer_reversals_by_transfer ON transfer_reversals (transfer, created, id) WHERE transfer IS NOT NULL;
CREATE INDEX transfer_reversals_by_balance_transaction ON transfer_reversals (balance_transaction, created, id) WHERE balance_transaction IS NOT NULL;
CREATE INDEX transfer_reversals_by_source_refund ON transfer_reversals (source_refund, created, id) WHERE source_refund IS NOT NULL;
CREATE INDEX transfer_reversals_by_destination_payment_refund ON transfer_reversals (destination_payment_refund, created, id) WHERE destination_payment_refund IS NOT NULL;

-- Mirror of Stripe's application_fee objects.
CREATE TABLE application_fees (
    id                      TEXT NOT NULL,
    account                 TEXT NOT NULL DEFAULT '',
    livemode                BOOLEAN NOT NULL,
    created                 BIGINT NOT NULL,
    deleted_at              BIGINT,
    as_of                   BIGINT NOT NULL,
    event_id                TEXT,
    api_version             TEXT,
    data                    TEXT NOT NULL,
    connected_account       TEXT,
    charge                  TEXT,
    originating_transaction TEXT,
    application             TEXT,
    currency                TEXT,
    amount                  BIGINT,
    amount_refunded         BIGINT,
    refunded                BOOLEAN,
    balance_transaction     TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX application_fees_by_created ON application_fees (created, id);
CREATE INDEX application_fees_by_connected_account ON application_fees (connected_account, created, id) WHERE connected_account IS NOT NULL;
CREATE INDEX application_fees_by_charge ON application_fees (charge, created, id) WHERE charge IS NOT NULL;
CREATE INDEX application_fees_by_originating_transaction ON application_fees (originating_transaction, created, id) WHERE originating_transaction IS NOT NULL;
CREATE INDEX application_fees_by_balance_transaction ON application_fees (balance_transaction, created, id) WHERE balance_transaction IS NOT NULL;

-- Mirror of Stripe's fee_refund objects.
CREATE TABLE fee_refunds (
    id                  TEXT NOT NULL,
    account             TEXT NOT NULL DEFAULT '',
    livemode            BOOLEAN NOT NULL,
    created             BIGINT NOT NULL,
    deleted_at          BIGINT,
    as_of               BIGINT NOT NULL,
    event_id            TEXT,
    api_version         TEXT,
    data                TEXT NOT NULL,
    fee                 TEXT,
    currency            TEXT,
    amount              BIGINT,
    balance_transaction TEXT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX fee_refunds_by_created ON fee_refunds (created, id);
CREATE INDEX fee_refunds_by_fee ON fee_refunds (fee, created, id) WHERE fee IS NOT NULL;
CREATE INDEX fee_refunds_by_balance_transaction ON fee_refunds (balance_transaction, created, id) WHERE balance_transaction IS NOT NULL;

-- Mirror of Stripe's file objects.
CREATE TABLE files (
    id          TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    livemode    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    deleted_at  BIGINT,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    api_version TEXT,
    data        TEXT NOT NULL,
    filename    TEXT,
    title       TEXT,
    purpose     TEXT,
    type        TEXT,
    size        BIGINT,
    expires_at  BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX files_by_created ON files (created, id);
CREATE INDEX files_by_purpose ON files (purpose, created, id);

-- Mirror of Stripe's file_link objects.
CREATE TABLE file_links (
    id          TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    livemode    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    deleted_at  BIGINT,
    as_of       BIGINT NOT NULL,
    event_id    TEXT,
    api_version TEXT,
    data        TEXT NOT NULL,
    file        TEXT,
    expired     BOOLEAN,
    expires_at  BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX file_links_by_created ON file_links (created, id);
CREATE INDEX file_links_by_file ON file_links (file, created, id) WHERE file IS NOT NULL;

-- Mirror of Stripe's test_helpers.test_clock objects.
CREATE TABLE test_clocks (
    id            TEXT NOT NULL,
    account       TEXT NOT NULL DEFAULT '',
    livemode      BOOLEAN NOT NULL,
    created       BIGINT NOT NULL,
    deleted_at    BIGINT,
    as_of         BIGINT NOT NULL,
    event_id      TEXT,
    api_version   TEXT,
    data          TEXT NOT NULL,
    name          TEXT,
    status        TEXT,
    frozen_time   BIGINT,
    deletes_after BIGINT,
    PRIMARY KEY (id, livemode, account)
);
CREATE INDEX test_clocks_by_created ON test_clocks (created, id);

-- Users choose ids of products, and old plans gave theirs to prices: two accounts may have the same one. A previous program
-- beside this one cannot store products and prices any more; their events fail there and are tried again.
CREATE TABLE products_by_account (
    id            TEXT NOT NULL,
    account       TEXT NOT NULL DEFAULT '',
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
    PRIMARY KEY (id, livemode, account)
);
INSERT INTO products_by_account (id, account, livemode, created, deleted_at, as_of, event_id, api_version, data, name, active, default_price)
SELECT id, COALESCE(account, ''), livemode, created, deleted_at, as_of, event_id, api_version, data, name, active, default_price
FROM products;
DROP TABLE products;
ALTER TABLE products_by_account RENAME TO products;
CREATE INDEX products_by_created ON products (created, id);
CREATE INDEX products_by_default_price ON products (default_price) WHERE default_price IS NOT NULL;
CREATE TABLE prices_by_account (
    id                       TEXT NOT NULL,
    account                  TEXT NOT NULL DEFAULT '',
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
    PRIMARY KEY (id, livemode, account)
);
INSERT INTO prices_by_account (id, account, livemode, created, deleted_at, as_of, event_id, api_version, data, product, active, currency, unit_amount, type, recurring_interval, recurring_interval_count, lookup_key, nickname)
SELECT id, COALESCE(account, ''), livemode, created, deleted_at, as_of, event_id, api_version, data, product, active, currency, unit_amount, type, recurring_interval, recurring_interval_count, lookup_key, nickname
FROM prices;
DROP TABLE prices;
ALTER TABLE prices_by_account RENAME TO prices;
CREATE INDEX prices_by_created ON prices (created, id);
CREATE INDEX prices_by_product ON prices (product);
CREATE INDEX prices_by_lookup_key ON prices (lookup_key, created, id) WHERE lookup_key IS NOT NULL;
