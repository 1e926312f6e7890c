-- Of two accounts with the same id, the newer one stays.
DROP INDEX prices_by_lookup_key;
DELETE FROM prices USING prices AS newer WHERE newer.id = prices.id AND newer.livemode = prices.livemode
    AND (newer.as_of, newer.account) > (prices.as_of, prices.account);
ALTER TABLE prices DROP CONSTRAINT prices_pkey;
ALTER TABLE prices ADD PRIMARY KEY (id, livemode);
ALTER TABLE prices ALTER COLUMN account DROP NOT NULL;
ALTER TABLE prices ALTER COLUMN account DROP DEFAULT;
UPDATE prices SET account = NULL WHERE account = '';
DELETE FROM products USING products AS newer WHERE newer.id = products.id AND newer.livemode = products.livemode
    AND (newer.as_of, newer.account) > (products.as_of, products.account);
ALTER TABLE products DROP CONSTRAINT products_pkey;
ALTER TABLE products ADD PRIMARY KEY (id, livemode);
ALTER TABLE products ALTER COLUMN account DROP NOT NULL;
ALTER TABLE products ALTER COLUMN account DROP DEFAULT;
UPDATE products SET account = NULL WHERE account = '';
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'test_helpers.test_clock', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM test_clocks;
DROP TABLE test_clocks;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'file_link', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM file_links;
DROP TABLE file_links;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'file', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM files;
DROP TABLE files;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'fee_refund', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM fee_refunds;
DROP TABLE fee_refunds;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'application_fee', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM application_fees;
DROP TABLE application_fees;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'transfer_reversal', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM transfer_reversals;
DROP TABLE transfer_reversals;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'transfer', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM transfers;
DROP TABLE transfers;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'capability', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM capabilities;
DROP TABLE capabilities;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'person', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM persons;
DROP TABLE persons;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'topup', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM topups;
DROP TABLE topups;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'payout', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM payouts;
DROP TABLE payouts;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'balance_transaction', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM balance_transactions;
DROP TABLE balance_transactions;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'entitlements.feature', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM entitlement_features;
DROP TABLE entitlement_features;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'shipping_rate', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM shipping_rates;
DROP TABLE shipping_rates;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'tax_rate', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM tax_rates;
DROP TABLE tax_rates;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'promotion_code', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM promotion_codes;
DROP TABLE promotion_codes;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'coupon', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM coupons;
DROP TABLE coupons;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'plan', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM plans;
DROP TABLE plans;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'billing_portal.configuration', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM billing_portal_configurations;
DROP TABLE billing_portal_configurations;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'billing.credit_balance_transaction', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM billing_credit_balance_transactions;
DROP TABLE billing_credit_balance_transactions;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'billing.credit_grant', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM billing_credit_grants;
DROP TABLE billing_credit_grants;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'billing.meter', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM billing_meters;
DROP TABLE billing_meters;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'discount', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM discounts;
DROP TABLE discounts;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'quote', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM quotes;
DROP TABLE quotes;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'credit_note', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM credit_notes;
DROP TABLE credit_notes;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'invoice_payment', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM invoice_payments;
DROP TABLE invoice_payments;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'invoiceitem', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM invoice_items;
DROP TABLE invoice_items;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'line_item', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM line_items;
DROP TABLE line_items;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'subscription_schedule', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM subscription_schedules;
DROP TABLE subscription_schedules;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'review', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM reviews;
DROP TABLE reviews;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'radar.early_fraud_warning', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM early_fraud_warnings;
DROP TABLE early_fraud_warnings;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'dispute', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM disputes;
DROP TABLE disputes;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'mandate', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM mandates;
DROP TABLE mandates;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'payment_link', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM payment_links;
DROP TABLE payment_links;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'setup_intent', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM setup_intents;
DROP TABLE setup_intents;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'entitlements.active_entitlement', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM active_entitlements;
DROP TABLE active_entitlements;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'entitlements.active_entitlement_summary', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM active_entitlement_summaries;
DROP TABLE active_entitlement_summaries;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'customer_cash_balance_transaction', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM customer_cash_balance_transactions;
DROP TABLE customer_cash_balance_transactions;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'customer_balance_transaction', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM customer_balance_transactions;
DROP TABLE customer_balance_transactions;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'tax_id', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM tax_ids;
DROP TABLE tax_ids;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'source', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM sources;
DROP TABLE sources;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'bank_account', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM bank_accounts;
DROP TABLE bank_accounts;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'card', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM cards;
DROP TABLE cards;
INSERT INTO objects (object, id, account, livemode, created, deleted_at, as_of, event_id, api_version, data)
SELECT 'payment_method', id, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM payment_methods;
DROP TABLE payment_methods;
