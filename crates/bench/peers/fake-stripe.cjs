// Stripe's API for dj-stripe, as fast as it can be: every object there is, at once. GET /calls tells how often it was asked.
const http = require("node:http");
const { readFileSync } = require("node:fs");

const created = 1795000000;
// The payment intent of the events that `tollgate-bench load` posts.
const rest = readFileSync(process.env.PEER_PAYLOAD, "utf8");
const event = JSON.parse(`{"data": {"object": {"id": "pi_bench"${rest}`);
const intent = event.data.object;
const card = { brand: "visa", last4: "4242", exp_month: 1, exp_year: 2030, checks: {}, country: "US", funding: "credit" };
const kinds = {
  payment_intents: (id) => ({ ...intent, id }),
  customers: (id) => ({
    id, object: "customer", created, livemode: false, email: "jenny.rosen@example.com", name: "Jenny Rosen", balance: 0,
    currency: "usd", delinquent: false, description: null, discount: null, default_source: null, invoice_prefix: "BENCH",
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null }, metadata: {}, phone: null,
    preferred_locales: [], shipping: null, tax_exempt: "none",
  }),
  payment_methods: (id) => ({
    id, object: "payment_method", created, livemode: false, type: "card", card, customer: intent.customer, metadata: {},
    billing_details: { address: {}, email: null, name: null, phone: null },
  }),
  charges: (id) => ({
    id, object: "charge", created, livemode: false, amount: 4990, amount_captured: 4990, amount_refunded: 0, currency: "usd",
    captured: true, paid: true, refunded: false, disputed: false, status: "succeeded", customer: intent.customer,
    payment_intent: null, balance_transaction: null, billing_details: {}, metadata: {}, outcome: null, payment_method: null,
    payment_method_details: { type: "card", card }, refunds: { object: "list", data: [], has_more: false, url: "/" },
  }),
};
const account = {
  id: "acct_bench", object: "account", created, type: "standard", country: "US", default_currency: "usd", email: "bench@example.com",
  charges_enabled: true, payouts_enabled: true, details_submitted: true, metadata: {}, settings: { dashboard: {} },
  business_profile: {}, capabilities: {}, company: {}, individual: null, requirements: {}, tos_acceptance: {},
};

let calls = 0;
const server = http.createServer((request, response) => {
  const [, , kind, id] = new URL(request.url, "http://x").pathname.split("/");
  let status = 200;
  let answer;
  if (request.url === "/calls") {
    answer = { calls };
  } else {
    calls += 1;
    if (kind === "account" || kind === "accounts") answer = account;
    else if (request.method === "GET" && kinds[kind] && id) answer = kinds[kind](id);
    else if (request.method === "GET") answer = { object: "list", data: [], has_more: false, url: request.url };
    else [status, answer] = [404, { error: { type: "invalid_request_error", message: "only reading is possible here" } }];
  }
  request.resume();
  const text = JSON.stringify(answer);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
});
server.listen(Number(process.env.PEER_PORT), "127.0.0.1");
