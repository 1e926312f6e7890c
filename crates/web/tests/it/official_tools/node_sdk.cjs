// Stripe's Node SDK: against the simulator (`use URL KEY`), and as a judge of signatures (`sign`, `verify`; cases on stdin).

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { createRequire } = require("node:module");

const loaded = createRequire(`${process.env.OFFICIAL_TOOLS}/`)("stripe");
const Stripe = loaded.default ?? loaded;

const client = (key, url) => {
  const { hostname, port } = new URL(url);
  return new Stripe(key, { host: hostname, port, protocol: "http", maxNetworkRetries: 0 });
};

const refused = async (promise, expected) => {
  const error = await promise.then(() => assert.fail("it was not refused"), (error) => error);
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, `${name} of ${error}`);
  return error;
};

const all = async (list) => {
  const rows = [];
  for await (const row of list) rows.push(row);
  return rows;
};

const use = async (url, key) => {
  const stripe = client(key, url);

  const made = [];
  for (let n = 0; n < 25; n++) made.push((await stripe.customers.create({ name: `Customer ${n}` })).id);
  const listed = (await all(stripe.customers.list({ limit: 10 }))).map((row) => row.id);
  assert.deepEqual(listed, [...made].reverse(), "newest first, each once");
  const changed = await stripe.customers.update(made[0], { metadata: { tier: "gold" }, address: { city: "Port Ellis" } });
  assert.deepEqual([changed.metadata.tier, changed.address.city], ["gold", "Port Ellis"]);
  const twice = () => stripe.customers.create({ name: "Once" }, { idempotencyKey: "once" });
  assert.equal((await twice()).id, (await twice()).id);

  await refused(stripe.customers.retrieve("cus_none"), { type: "StripeInvalidRequestError", code: "resource_missing", statusCode: 404 });
  await refused(stripe.customers.create({ colour: "red" }), { type: "StripeInvalidRequestError", param: "colour" });
  await refused(client("sk_wrong", url).customers.list(), { type: "StripeAuthenticationError", statusCode: 401 });

  const product = await stripe.products.create({ name: "Box" });
  const price = await stripe.prices.create({
    product: product.id, currency: "usd", unit_amount: 1500, recurring: { interval: "month" },
  });
  const customer = await stripe.customers.create({
    payment_method: "pm_card_visa", invoice_settings: { default_payment_method: "pm_card_visa" },
  });
  const subscription = await stripe.subscriptions.create({
    customer: customer.id, items: [{ price: price.id, quantity: 2 }], expand: ["latest_invoice"],
  });
  assert.deepEqual([subscription.status, subscription.latest_invoice.amount_paid], ["active", 3000]);
  assert.equal((await stripe.subscriptions.cancel(subscription.id)).status, "canceled");
  const declined = { amount: 700, currency: "usd", confirm: true, off_session: true, payment_method: "pm_card_chargeDeclined" };
  await refused(stripe.paymentIntents.create(declined), { type: "StripeCardError", decline_code: "generic_decline" });

  const endpoint = await stripe.webhookEndpoints.create({ url: "http://127.0.0.1:9/hook", enabled_events: ["*"] });
  assert.match(endpoint.secret, /^whsec_/);
  assert.equal((await stripe.webhookEndpoints.update(endpoint.id, { disabled: true })).status, "disabled");
  assert.equal((await stripe.webhookEndpoints.del(endpoint.id)).deleted, true);

  const destinations = stripe.v2.core.eventDestinations;
  const destination = await destinations.create({
    name: "Shop", type: "webhook_endpoint", event_payload: "thin", enabled_events: ["v1.customer.created"],
    webhook_endpoint: { url: "http://127.0.0.1:9/thin" }, include: ["webhook_endpoint.signing_secret"],
  });
  assert.match(destination.webhook_endpoint.signing_secret, /^whsec_/);
  assert.deepEqual((await all(destinations.list())).map((row) => row.id), [destination.id]);
  assert.equal((await destinations.disable(destination.id)).status, "disabled");
  assert.equal((await destinations.enable(destination.id)).status, "enabled");
  assert.equal((await destinations.ping(destination.id)).type, "v2.core.event_destination.ping");
  assert.equal((await destinations.del(destination.id)).id, destination.id);
};

const { webhooks } = client("sk_test_none", "http://127.0.0.1:9");

const judges = {
  sign: ({ body, secret, timestamp }) => webhooks.generateTestHeaderString({ payload: body, secret, timestamp }),
  verify: ({ body, header, secret }) => {
    try {
      webhooks.constructEvent(body, header, secret, 300);
      return true;
    } catch (error) {
      if (error.type === "StripeSignatureVerificationError") return false;
      throw error;
    }
  },
};

const [what, ...rest] = process.argv.slice(2);
if (what === "use") {
  use(...rest).catch((error) => {
    console.error(error);
    process.exit(1);
  });
} else {
  const cases = JSON.parse(fs.readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(cases.map(judges[what])));
}
