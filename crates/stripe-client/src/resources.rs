//! Stripe's resources: for every call a function that makes its request.
//!
//! A line of the table below is a call: its name, whether it takes an id, the method, and what follows in the path.
//! Parameters are added to the [`Request`](crate::Request), and [`Client::send`](crate::Client::send) sends it; lists
//! and searches go to [`Client::pages`](crate::Client::pages). What is not here is a
//! [`Request`](crate::Request) by hand.
//!
//! ```
//! use serde_json::json;
//! use tollgate_stripe_client::resources::{subscriptions, invoices};
//!
//! let create = subscriptions::create()
//!     .params(json!({"customer": "cus_1", "items": [{"price": "price_1", "quantity": 3}]}))
//!     .expand("latest_invoice");
//! assert_eq!(create.form_body().get("items[0][price]"), Some("price_1"));
//!
//! let cancel = subscriptions::cancel("sub_1").params(json!({"prorate": true}));
//! assert_eq!((cancel.method().as_str(), cancel.path()), ("DELETE", "/v1/subscriptions/sub_1"));
//! assert_eq!(cancel.query_params().get("prorate"), Some("true"));
//!
//! assert_eq!(invoices::finalize("in_1").path(), "/v1/invoices/in_1/finalize");
//! ```

macro_rules! resources {
    ($(
        $(#[$doc:meta])*
        $resource:ident $path:literal {$(
            $(#[$call_doc:meta])*
            $call:ident $(($id:ident))? $method:ident $($action:literal)?;
        )+}
    )+) => {
        $(
            $(#[$doc])*
            pub mod $resource {
                use crate::request::Request;
                $(
                    #[doc = concat!("`", stringify!($method), " ", $path, $("/{", stringify!($id), "}",)? $("/", $action,)? "`")]
                    ///
                    $(#[$call_doc])*
                    pub fn $call($($id: &str)?) -> Request {
                        Request::$method($path)$(.segment($id))?$(.action($action))?
                    }
                )+
            }
        )+

        /// Every call, with an id in braces where it takes one.
        #[cfg(test)]
        pub(crate) fn calls() -> Vec<(&'static str, crate::Request)> {
            vec![$($((
                concat!(stringify!($resource), "::", stringify!($call)),
                $resource::$call($(concat!("{", stringify!($id), "}"))?),
            )),+),+]
        }
    };
}

resources! {
    /// The key's own account, and the accounts connected to a platform.
    accounts "/v1/accounts" {
        list get; create post; retrieve(id) get; update(id) post; delete(id) delete; reject(id) post "reject";
        /// A link to the Express dashboard.
        create_login_link(id) post "login_links";
        list_capabilities(id) get "capabilities"; list_persons(id) get "persons";
        list_external_accounts(id) get "external_accounts"; create_external_account(id) post "external_accounts";
    }
    /// Links through which a connected account gives its data.
    account_links "/v1/account_links" {
        create post;
    }
    /// What a platform earned from its connected accounts.
    application_fees "/v1/application_fees" {
        list get; retrieve(id) get; list_refunds(id) get "refunds"; create_refund(id) post "refunds";
    }
    /// The balance; it has no id.
    balance "/v1/balance" {
        retrieve get;
    }
    /// Every change of the balance.
    balance_transactions "/v1/balance_transactions" {
        list get; retrieve(id) get;
    }
    /// Prepaid or granted credit.
    billing_credit_grants "/v1/billing/credit_grants" {
        list get; create post; retrieve(id) get; update(id) post; expire(id) post "expire"; void(id) post "void";
    }
    /// What is used, counted by a meter.
    billing_meter_events "/v1/billing/meter_events" {
        create post;
    }
    /// Meters of usage.
    billing_meters "/v1/billing/meters" {
        list get; create post; retrieve(id) get; update(id) post; deactivate(id) post "deactivate";
        reactivate(id) post "reactivate"; list_event_summaries(id) get "event_summaries";
    }
    /// What customers may do in the billing portal.
    billing_portal_configurations "/v1/billing_portal/configurations" {
        list get; create post; retrieve(id) get; update(id) post;
    }
    /// One customer's visit to the billing portal.
    billing_portal_sessions "/v1/billing_portal/sessions" {
        create post;
    }
    /// Attempts to move money, below payment intents.
    charges "/v1/charges" {
        list get; create post; retrieve(id) get; update(id) post; search get "search"; capture(id) post "capture";
    }
    /// One customer's visit to Stripe's payment page.
    checkout_sessions "/v1/checkout/sessions" {
        list get; create post; retrieve(id) get; update(id) post; expire(id) post "expire";
        list_line_items(id) get "line_items";
    }
    /// What a customer saves.
    coupons "/v1/coupons" {
        list get; create post; retrieve(id) get; update(id) post; delete(id) delete;
    }
    /// Corrections of finalized invoices.
    credit_notes "/v1/credit_notes" {
        list get; create post; retrieve(id) get; update(id) post; void(id) post "void"; preview get "preview";
        list_lines(id) get "lines";
    }
    /// Client secrets with which a page shows a customer's own data.
    customer_sessions "/v1/customer_sessions" {
        create post;
    }
    /// Customers.
    customers "/v1/customers" {
        list get; create post; retrieve(id) get; update(id) post; delete(id) delete; search get "search";
        delete_discount(id) delete "discount"; list_payment_methods(id) get "payment_methods";
        list_balance_transactions(id) get "balance_transactions";
        create_balance_transaction(id) post "balance_transactions"; list_tax_ids(id) get "tax_ids";
        create_tax_id(id) post "tax_ids";
    }
    /// Payments that a customer contests.
    disputes "/v1/disputes" {
        list get; retrieve(id) get;
        /// Gives evidence; it goes to the bank at once unless `submit` is false.
        update(id) post;
        /// Accepts that the dispute is lost; this cannot be taken back.
        close(id) post "close";
    }
    /// What a subscription entitles a customer to.
    entitlements_active "/v1/entitlements/active_entitlements" {
        list get; retrieve(id) get;
    }
    /// What products can give access to.
    entitlements_features "/v1/entitlements/features" {
        list get; create post; retrieve(id) get; update(id) post;
    }
    /// Stripe's log of events of the last 30 days; [`Client::list_events`](crate::Client::list_events) has a filter.
    events "/v1/events" {
        list get; retrieve(id) get;
    }
    /// What paid an invoice.
    invoice_payments "/v1/invoice_payments" {
        list get; retrieve(id) get;
    }
    /// Lines that wait for a customer's next invoice.
    invoiceitems "/v1/invoiceitems" {
        list get; create post; retrieve(id) get; update(id) post; delete(id) delete;
    }
    /// Invoices.
    invoices "/v1/invoices" {
        list get; create post; retrieve(id) get; update(id) post;
        /// Deletes a draft; what is finalized can only be voided.
        delete(id) delete;
        search get "search";
        /// What an invoice would be; nothing is stored.
        create_preview post "create_preview";
        finalize(id) post "finalize"; pay(id) post "pay"; send(id) post "send"; void(id) post "void";
        mark_uncollectible(id) post "mark_uncollectible"; attach_payment(id) post "attach_payment";
        list_lines(id) get "lines"; add_lines(id) post "add_lines"; update_lines(id) post "update_lines";
        remove_lines(id) post "remove_lines";
    }
    /// Permissions to debit a customer.
    mandates "/v1/mandates" {
        retrieve(id) get;
    }
    /// One payment, from its beginning to its end.
    payment_intents "/v1/payment_intents" {
        list get; create post; retrieve(id) get; update(id) post; search get "search"; confirm(id) post "confirm";
        capture(id) post "capture"; cancel(id) post "cancel";
        increment_authorization(id) post "increment_authorization";
        apply_customer_balance(id) post "apply_customer_balance";
        verify_microdeposits(id) post "verify_microdeposits";
    }
    /// Payment pages that many customers use.
    payment_links "/v1/payment_links" {
        list get; create post; retrieve(id) get; update(id) post; list_line_items(id) get "line_items";
    }
    /// Cards and everything else that can pay.
    payment_methods "/v1/payment_methods" {
        list get; create post; retrieve(id) get; update(id) post; attach(id) post "attach";
        /// Takes it from its customer for good: it cannot be attached again.
        detach(id) post "detach";
    }
    /// Money that goes to a bank.
    payouts "/v1/payouts" {
        list get; create post; retrieve(id) get; update(id) post; cancel(id) post "cancel";
        reverse(id) post "reverse";
    }
    /// What plans were called before prices; old subscriptions still have them.
    plans "/v1/plans" {
        list get; create post; retrieve(id) get; update(id) post; delete(id) delete;
    }
    /// What a product costs. A price is never deleted, but can be made inactive.
    prices "/v1/prices" {
        list get; create post; retrieve(id) get; update(id) post; search get "search";
    }
    /// What is sold.
    products "/v1/products" {
        list get; create post; retrieve(id) get; update(id) post; delete(id) delete; search get "search";
        list_features(id) get "features"; attach_feature(id) post "features";
    }
    /// Codes that customers type to get a coupon.
    promotion_codes "/v1/promotion_codes" {
        list get; create post; retrieve(id) get; update(id) post;
    }
    /// Offers that become invoices or subscriptions.
    quotes "/v1/quotes" {
        list get; create post; retrieve(id) get; update(id) post; finalize(id) post "finalize";
        accept(id) post "accept"; cancel(id) post "cancel"; list_line_items(id) get "line_items";
    }
    /// Early warnings of fraud.
    radar_early_fraud_warnings "/v1/radar/early_fraud_warnings" {
        list get; retrieve(id) get;
    }
    /// Money that goes back to a customer.
    refunds "/v1/refunds" {
        list get; create post; retrieve(id) get; update(id) post; cancel(id) post "cancel";
    }
    /// Payments that Radar asks you to look at.
    reviews "/v1/reviews" {
        list get; retrieve(id) get; approve(id) post "approve";
    }
    /// Attempts of a setup intent.
    setup_attempts "/v1/setup_attempts" {
        list get;
    }
    /// One payment method being set up for later payments.
    setup_intents "/v1/setup_intents" {
        list get; create post; retrieve(id) get; update(id) post; confirm(id) post "confirm";
        cancel(id) post "cancel"; verify_microdeposits(id) post "verify_microdeposits";
    }
    /// What shipping costs.
    shipping_rates "/v1/shipping_rates" {
        list get; create post; retrieve(id) get; update(id) post;
    }
    /// The prices in a subscription.
    subscription_items "/v1/subscription_items" {
        list get; create post; retrieve(id) get; update(id) post; delete(id) delete;
    }
    /// Changes of a subscription that are planned ahead.
    subscription_schedules "/v1/subscription_schedules" {
        list get; create post; retrieve(id) get; update(id) post;
        /// Ends the schedule and its subscription.
        cancel(id) post "cancel";
        /// Ends the schedule; its subscription stays.
        release(id) post "release";
    }
    /// Subscriptions. A list leaves canceled ones out unless it asks for `status` `all`.
    subscriptions "/v1/subscriptions" {
        list get; create post; retrieve(id) get; update(id) post;
        /// Ends it now; to end it later, update `cancel_at_period_end` or `cancel_at`.
        cancel(id) delete;
        search get "search"; delete_discount(id) delete "discount";
        /// Moves it to flexible billing, which cannot be taken back.
        migrate(id) post "migrate";
        /// Stops service and billing; since 2026-05-27.dahlia, with flexible billing only.
        pause(id) post "pause";
        resume(id) post "resume";
    }
    /// Kinds of goods, as taxes see them.
    tax_codes "/v1/tax_codes" {
        list get; retrieve(id) get;
    }
    /// Tax numbers.
    tax_ids "/v1/tax_ids" {
        list get; create post; retrieve(id) get; delete(id) delete;
    }
    /// Rates of tax that you set yourself.
    tax_rates "/v1/tax_rates" {
        list get; create post; retrieve(id) get; update(id) post;
    }
    /// Clocks that let test objects live through months in minutes.
    test_clocks "/v1/test_helpers/test_clocks" {
        list get; create post; retrieve(id) get; delete(id) delete; advance(id) post "advance";
    }
    /// Money added to the balance from a bank.
    topups "/v1/topups" {
        list get; create post; retrieve(id) get; update(id) post; cancel(id) post "cancel";
    }
    /// Money that goes to a connected account.
    transfers "/v1/transfers" {
        list get; create post; retrieve(id) get; update(id) post; list_reversals(id) get "reversals";
        create_reversal(id) post "reversals";
    }
    /// Accounts of version 2: connected accounts and customers in one.
    v2_accounts "/v2/core/accounts" {
        list get; create post; retrieve(id) get; update(id) post; close(id) post "close";
    }
}
