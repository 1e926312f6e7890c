//! Every kind of object that the API serves: its path, its permissions, its filters, its actions.

use super::{
    Action, accounts, catalog, customers, event_destinations, events, objects, refunds, subscriptions,
    webhook_endpoints,
};

/// A list filter: the parameter, and where in the object the value stands.
pub(crate) type Filter = (&'static str, &'static str);

/// One kind of object.
pub(crate) struct Kind {
    pub(crate) object: &'static str,
    pub(crate) path: &'static str,
    /// The name in messages.
    pub(crate) noun: &'static str,
    /// The permissions to read and to write.
    pub(crate) read: &'static str,
    pub(crate) write: &'static str,
    pub(crate) filters: &'static [Filter],
    pub(crate) list: Option<Action>,
    pub(crate) retrieve: Option<Action>,
    pub(crate) create: Option<Action>,
    pub(crate) update: Option<Action>,
    pub(crate) delete: Option<Action>,
    /// What may follow an id in a POST.
    pub(crate) verbs: &'static [(&'static str, Action)],
}

/// A kind that is listed and read, and made by the business alone.
const READ_ONLY: Kind = Kind {
    object: "",
    path: "",
    noun: "",
    read: "",
    write: "",
    filters: &[],
    list: Some(objects::LIST),
    retrieve: Some(objects::RETRIEVE),
    create: None,
    update: None,
    delete: None,
    verbs: &[],
};

const CUSTOMER: Filter = ("customer", "/customer");
const PAYMENT_INTENT: Filter = ("payment_intent", "/payment_intent");
const CHARGE: Filter = ("charge", "/charge");
const STATUS: Filter = ("status", "/status");
const ACTIVE: Filter = ("active", "/active");

/// All of them.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        object: "account",
        path: "/v1/account",
        noun: "account",
        read: "rak_account_read",
        write: "rak_account_write",
        list: Some(accounts::OWN),
        retrieve: None,
        ..READ_ONLY
    },
    Kind {
        object: "account",
        path: "/v1/accounts",
        noun: "account",
        read: "rak_account_read",
        write: "rak_account_write",
        list: Some(accounts::LIST),
        retrieve: Some(accounts::RETRIEVE),
        ..READ_ONLY
    },
    Kind {
        object: "webhook_endpoint",
        path: "/v1/webhook_endpoints",
        noun: "webhook endpoint",
        read: "rak_webhook_read",
        write: "rak_webhook_write",
        list: Some(webhook_endpoints::LIST),
        retrieve: Some(webhook_endpoints::RETRIEVE),
        create: Some(webhook_endpoints::CREATE),
        update: Some(webhook_endpoints::UPDATE),
        delete: Some(webhook_endpoints::DELETE),
        ..READ_ONLY
    },
    Kind {
        object: "event",
        path: "/v1/events",
        noun: "event",
        read: "rak_event_read",
        write: "rak_event_write",
        list: Some(events::LIST),
        retrieve: Some(events::RETRIEVE),
        ..READ_ONLY
    },
    // Which permissions version 2 asks for is not published.
    Kind {
        object: "v2.core.event_destination",
        path: "/v2/core/event_destinations",
        noun: "event destination",
        read: "rak_webhook_read",
        write: "rak_webhook_write",
        list: Some(event_destinations::LIST),
        retrieve: Some(event_destinations::RETRIEVE),
        create: Some(event_destinations::CREATE),
        update: Some(event_destinations::UPDATE),
        delete: Some(event_destinations::DELETE),
        verbs: &[
            ("enable", event_destinations::ENABLE),
            ("disable", event_destinations::DISABLE),
            ("ping", event_destinations::PING),
        ],
        ..READ_ONLY
    },
    Kind {
        object: "v2.core.event",
        path: "/v2/core/events",
        noun: "event",
        read: "rak_event_read",
        write: "rak_event_write",
        list: Some(events::LIST_THIN),
        retrieve: Some(events::RETRIEVE),
        ..READ_ONLY
    },
    Kind {
        object: "customer",
        path: "/v1/customers",
        noun: "customer",
        read: "rak_customer_read",
        write: "rak_customer_write",
        filters: &[("email", "/email")],
        create: Some(customers::CREATE),
        update: Some(customers::UPDATE),
        delete: Some(customers::DELETE),
        ..READ_ONLY
    },
    Kind {
        object: "product",
        path: "/v1/products",
        noun: "product",
        read: "rak_product_read",
        write: "rak_product_write",
        filters: &[ACTIVE],
        create: Some(catalog::CREATE_PRODUCT),
        update: Some(catalog::UPDATE_PRODUCT),
        delete: Some(catalog::DELETE_PRODUCT),
        ..READ_ONLY
    },
    Kind {
        object: "price",
        path: "/v1/prices",
        noun: "price",
        read: "rak_plan_read",
        write: "rak_plan_write",
        filters: &[ACTIVE, ("product", "/product"), ("currency", "/currency"), ("type", "/type")],
        create: Some(catalog::CREATE_PRICE),
        update: Some(catalog::UPDATE_PRICE),
        ..READ_ONLY
    },
    Kind {
        object: "subscription",
        path: "/v1/subscriptions",
        noun: "subscription",
        read: "rak_subscription_read",
        write: "rak_subscription_write",
        filters: &[CUSTOMER, ("price", "/items/data/0/price/id"), ("collection_method", "/collection_method")],
        list: Some(subscriptions::LIST),
        update: Some(subscriptions::UPDATE),
        delete: Some(subscriptions::CANCEL),
        ..READ_ONLY
    },
    Kind {
        object: "subscription_item",
        path: "/v1/subscription_items",
        noun: "subscription item",
        read: "rak_subscription_read",
        write: "rak_subscription_write",
        list: Some(subscriptions::LIST_ITEMS),
        retrieve: Some(subscriptions::RETRIEVE_ITEM),
        ..READ_ONLY
    },
    Kind {
        object: "invoice",
        path: "/v1/invoices",
        noun: "invoice",
        read: "rak_invoice_read",
        write: "rak_invoice_write",
        filters: &[
            CUSTOMER,
            STATUS,
            ("subscription", "/parent/subscription_details/subscription"),
            ("collection_method", "/collection_method"),
        ],
        ..READ_ONLY
    },
    Kind {
        object: "invoice_payment",
        path: "/v1/invoice_payments",
        noun: "invoice payment",
        read: "rak_invoice_read",
        write: "rak_invoice_write",
        filters: &[("invoice", "/invoice"), STATUS],
        ..READ_ONLY
    },
    Kind {
        object: "payment_intent",
        path: "/v1/payment_intents",
        noun: "payment_intent",
        read: "rak_payment_intent_read",
        write: "rak_payment_intent_write",
        filters: &[CUSTOMER],
        ..READ_ONLY
    },
    Kind {
        object: "charge",
        path: "/v1/charges",
        noun: "charge",
        read: "rak_charge_read",
        write: "rak_charge_write",
        filters: &[CUSTOMER, PAYMENT_INTENT],
        ..READ_ONLY
    },
    Kind {
        object: "refund",
        path: "/v1/refunds",
        noun: "refund",
        read: "rak_charge_read",
        write: "rak_charge_write",
        filters: &[CHARGE, PAYMENT_INTENT],
        create: Some(refunds::CREATE),
        ..READ_ONLY
    },
    Kind {
        object: "checkout.session",
        path: "/v1/checkout/sessions",
        noun: "checkout.session",
        read: "rak_checkout_session_read",
        write: "rak_checkout_session_write",
        filters: &[CUSTOMER, PAYMENT_INTENT, STATUS, ("subscription", "/subscription")],
        ..READ_ONLY
    },
    Kind {
        object: "dispute",
        path: "/v1/disputes",
        noun: "dispute",
        read: "rak_dispute_read",
        write: "rak_dispute_write",
        filters: &[CHARGE, PAYMENT_INTENT],
        ..READ_ONLY
    },
    Kind {
        object: "payment_method",
        path: "/v1/payment_methods",
        noun: "PaymentMethod",
        read: "rak_payment_method_read",
        write: "rak_payment_method_write",
        filters: &[CUSTOMER, ("type", "/type")],
        ..READ_ONLY
    },
    Kind {
        object: "balance_transaction",
        path: "/v1/balance_transactions",
        noun: "balance transaction",
        read: "rak_balance_transaction_read",
        write: "rak_balance_transaction_write",
        filters: &[("source", "/source"), ("type", "/type"), ("currency", "/currency")],
        ..READ_ONLY
    },
];
