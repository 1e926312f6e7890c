"""Stripe's Python SDK: against the simulator (`use URL KEY`), and as a judge of signatures (`sign`, `verify`; cases on stdin)."""

import json
import sys

import stripe


def refused(kind, call, **expected):
    try:
        call()
    except kind as error:
        for name, value in expected.items():
            assert getattr(error, name) == value, (name, getattr(error, name), value)
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def use(url, key):
    client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)
    v1 = client.v1

    made = [v1.customers.create({"name": f"Customer {n}", "metadata": {"n": str(n)}}).id for n in range(25)]
    listed = [row.id for row in v1.customers.list({"limit": 10}).auto_paging_iter()]
    assert listed == made[::-1], "newest first, each once"
    changed = v1.customers.update(made[0], {"metadata": {"n": "", "tier": "gold"}, "email": "ada@example.com"})
    assert changed.metadata.to_dict() == {"tier": "gold"}, changed.metadata
    found = v1.customers.search({"query": "metadata['tier']:'gold'"})
    assert [row.id for row in found.data] == [made[0]]
    again = [v1.customers.create({"name": "Once"}, {"idempotency_key": "once"}).id for _ in range(2)]
    assert again[0] == again[1]
    assert v1.customers.delete(made[1]).deleted

    refused(stripe.InvalidRequestError, lambda: v1.customers.retrieve("cus_none"), http_status=404, code="resource_missing")
    refused(stripe.InvalidRequestError, lambda: v1.customers.create({"colour": "red"}), param="colour")
    stranger = stripe.StripeClient("sk_wrong", base_addresses={"api": url}, max_network_retries=0)
    refused(stripe.AuthenticationError, lambda: stranger.v1.customers.list(), http_status=401)

    intent = {"amount": 700, "currency": "usd", "confirm": True, "off_session": True}
    paid = v1.payment_intents.create({**intent, "payment_method": "pm_card_visa", "expand": ["latest_charge"]})
    assert paid.status == "succeeded" and paid.latest_charge.amount == 700
    declined = lambda: v1.payment_intents.create({**intent, "payment_method": "pm_card_chargeDeclined"})
    error = refused(stripe.CardError, declined, code="card_declined")
    assert error.error.decline_code == "generic_decline"
    refund = v1.refunds.create({"payment_intent": paid.id, "amount": 200})
    assert refund.status == "succeeded"

    endpoint = v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["invoice.paid"]})
    assert endpoint.secret.startswith("whsec_") and endpoint.status == "enabled"
    assert not hasattr(v1.webhook_endpoints.retrieve(endpoint.id), "secret")
    assert v1.webhook_endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    assert v1.webhook_endpoints.delete(endpoint.id).deleted

    destinations = client.v2.core.event_destinations
    made = destinations.create({
        "name": "Shop", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": ["v1.customer.created"],
        "webhook_endpoint": {"url": "http://127.0.0.1:9/thin"}, "include": ["webhook_endpoint.signing_secret"],
    })
    assert made.webhook_endpoint.signing_secret.startswith("whsec_")
    assert [row.id for row in destinations.list().auto_paging_iter()] == [made.id]
    assert destinations.disable(made.id).status == "disabled"
    assert destinations.enable(made.id).status == "enabled"
    assert destinations.ping(made.id).type == "v2.core.event_destination.ping"
    assert destinations.delete(made.id).id == made.id

    types = {event.type for event in v1.events.list({"limit": 100, "type": "customer.*"}).auto_paging_iter()}
    assert types == {"customer.created", "customer.updated", "customer.deleted"}, types


def sign(case):
    return stripe.WebhookSignature.generate_signature_header(case["body"], case["secret"], case["timestamp"])


def verify(case):
    try:
        return bool(stripe.WebhookSignature.verify_header(case["body"], case["header"], case["secret"], 300))
    except stripe.SignatureVerificationError:
        return False


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "use":
        use(*rest)
    else:
        judge = {"sign": sign, "verify": verify}[what]
        json.dump([judge(case) for case in json.load(sys.stdin)], sys.stdout)
