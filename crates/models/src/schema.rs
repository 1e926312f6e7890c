//! The tables that both databases share, as Diesel sees them; the mirror's tables are described in [`crate::mirror`].
#![expect(missing_docs, reason = "the macro's own modules cannot carry documentation")]

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        email -> Text,
        role -> Text,
        password_hash -> Text,
        failed_sign_ins -> Integer,
        blocked_until_at -> Nullable<BigInt>,
        last_sign_in_at -> Nullable<BigInt>,
        disabled_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        token_hash -> Text,
        user_id -> BigInt,
        ip -> Text,
        user_agent -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_links (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit_entries (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
        ip -> Nullable<Text>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> BigInt,
        name -> Text,
        kind -> Text,
        livemode -> Bool,
        masked -> Text,
        sealed -> Text,
        fingerprint -> Text,
        account -> Nullable<Text>,
        account_name -> Nullable<Text>,
        is_default -> Bool,
        last_used_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    endpoints (uuid) {
        uuid -> Text,
        stripe_id -> Nullable<Text>,
        api_key_id -> Nullable<BigInt>,
        account -> Nullable<Text>,
        livemode -> Bool,
        connect -> Bool,
        url -> Text,
        description -> Text,
        enabled_events -> Text,
        api_version -> Nullable<Text>,
        tolerance_seconds -> Integer,
        validation -> Text,
        status -> Text,
        idempotency_key -> Text,
        last_error -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        object -> Text,
        payload -> Text,
        inline_events -> Text,
        replaces -> Nullable<Text>,
        retire_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    endpoint_secrets (id) {
        id -> BigInt,
        endpoint_uuid -> Text,
        sealed -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (seq) {
        seq -> BigInt,
        id -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        kind -> Text,
        created -> BigInt,
        received_at -> BigInt,
        livemode -> Bool,
        account -> Nullable<Text>,
        endpoint_uuid -> Nullable<Text>,
        api_version -> Nullable<Text>,
        object_type -> Nullable<Text>,
        object_id -> Nullable<Text>,
        request_id -> Nullable<Text>,
        status -> Text,
        attempts -> Integer,
        cause -> Text,
        next_attempt_at -> BigInt,
        claimed_by -> Nullable<Text>,
        claimed_until_at -> Nullable<BigInt>,
        superseded -> Bool,
        last_error -> Nullable<Text>,
        processed_at -> Nullable<BigInt>,
        only_handler -> Nullable<Text>,
        crashes -> Integer,
        tie -> Nullable<Text>,
    }
}

diesel::table! {
    event_payloads (event_id) {
        event_id -> Text,
        body -> Text,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        endpoint_uuid -> Nullable<Text>,
        event_id -> Nullable<Text>,
        received_at -> BigInt,
        outcome -> Text,
        reason -> Nullable<Text>,
        http_status -> Integer,
        remote_ip -> Nullable<Text>,
        headers -> Text,
        body -> Nullable<Binary>,
        body_size -> BigInt,
        secret_id -> Nullable<BigInt>,
        signature_time -> Nullable<BigInt>,
        repeats -> BigInt,
    }
}

diesel::table! {
    runs (id) {
        id -> BigInt,
        event_id -> Text,
        handler -> Text,
        attempt -> Integer,
        outcome -> Text,
        error -> Nullable<Text>,
        cause -> Text,
        started_at -> BigInt,
        duration_us -> BigInt,
        task_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    tasks (id) {
        id -> BigInt,
        event_id -> Text,
        handler -> Text,
        idempotency_key -> Text,
        payload -> Nullable<Text>,
        status -> Text,
        attempts -> Integer,
        cause -> Text,
        next_attempt_at -> BigInt,
        claimed_by -> Nullable<Text>,
        claimed_until_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refetches (id) {
        id -> BigInt,
        object -> Text,
        object_id -> Text,
        account -> Text,
        livemode -> Bool,
        reason -> Text,
        event_id -> Nullable<Text>,
        detail -> Text,
        status -> Text,
        found -> Nullable<Text>,
        attempts -> Integer,
        next_attempt_at -> BigInt,
        last_error -> Nullable<Text>,
        requested_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    syncs (id) {
        id -> BigInt,
        actor -> Text,
        types -> Text,
        since -> Nullable<BigInt>,
        status -> Text,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sync_windows (id) {
        id -> BigInt,
        sync_id -> BigInt,
        rank -> Integer,
        object -> Text,
        account -> Text,
        livemode -> Bool,
        connected -> Bool,
        made_from -> Nullable<BigInt>,
        made_until -> Nullable<BigInt>,
        cursor -> Nullable<Text>,
        pages -> Integer,
        objects -> BigInt,
        stored -> BigInt,
        status -> Text,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    replays (id) {
        id -> BigInt,
        actor -> Text,
        reason -> Text,
        filter -> Text,
        handler -> Nullable<Text>,
        status -> Text,
        position -> BigInt,
        last -> BigInt,
        replayed -> BigInt,
        skipped -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    object_versions (seq) {
        seq -> BigInt,
        object -> Text,
        id -> Text,
        account -> Text,
        livemode -> Bool,
        as_of -> BigInt,
        event_id -> Nullable<Text>,
        event_type -> Text,
        api_version -> Nullable<Text>,
        stored_at -> BigInt,
        content -> Binary,
    }
}

diesel::table! {
    upgrades (id) {
        id -> BigInt,
        live_uuid -> Text,
        shadow_uuid -> Text,
        from_version -> Nullable<Text>,
        to_version -> Text,
        status -> Text,
        last_error -> Nullable<Text>,
        actor -> Text,
        created_at -> BigInt,
        begun_at -> Nullable<BigInt>,
        swapped_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    shadow_events (seq) {
        seq -> BigInt,
        endpoint_uuid -> Text,
        event_id -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        kind -> Text,
        created -> BigInt,
        received_at -> BigInt,
        livemode -> Bool,
        account -> Nullable<Text>,
        api_version -> Nullable<Text>,
        object_type -> Nullable<Text>,
        object_id -> Nullable<Text>,
        request_id -> Nullable<Text>,
        body -> Nullable<Text>,
        settled_at -> Nullable<BigInt>,
        taken_in -> Bool,
        trial -> Nullable<Text>,
        tried_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        until_at -> BigInt,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sign_in_links -> users (user_id));
diesel::joinable!(endpoint_secrets -> endpoints (endpoint_uuid));
diesel::allow_tables_to_appear_in_same_query!(users, sessions, sign_in_links);
diesel::allow_tables_to_appear_in_same_query!(endpoints, endpoint_secrets);
diesel::allow_tables_to_appear_in_same_query!(upgrades, shadow_events);
diesel::allow_tables_to_appear_in_same_query!(
    events,
    event_payloads,
    tasks,
    deliveries,
    object_versions,
    shadow_events
);
