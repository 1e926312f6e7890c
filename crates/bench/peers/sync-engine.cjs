// A webhook receiver around the stripe-sync-engine, as its README shows it: `node sync-engine.cjs prepare`, then without a word.
// `node sync-engine.cjs backfill customer …` lists these types. PEER_STRIPE is Stripe's API; with PEER_REFETCH=yes every event is
// only the reason to ask it for the object, and for those that it names.
// The CommonJS build: the other one cannot find its migrations.
const http = require("node:http");
const { StripeSync, runMigrations } = require("@supabase/stripe-sync-engine");
const Stripe = require("stripe");

let failed = false;
const connectionString = process.env.PEER_DATABASE_URL;
const key = "sk_test_TollgateBench0000000000000";
// The default according to its README; its tables have that version's columns.
const version = "2020-08-27";
const kinds = ["charge", "customer", "dispute", "invoice", "payment_intent", "payment_method", "price", "product", "refund", "subscription"];

// The time of a simulated business, which its posts tell: what is fetched is stamped with the time, and compared with that of events.
const RealDate = Date;
let ahead = 0;
function follow(seconds) {
  ahead = Number(seconds) * 1000 - RealDate.now();
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) super(RealDate.now() + ahead);
      else super(...parts);
    }
    static now() {
      return RealDate.now() + ahead;
    }
  };
}

function receive(sync, request, response) {
  const time = request.headers["tollgate-bench-time"];
  if (time) follow(time);
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    let [status, text] = [200, '{"received":true}'];
    try {
      await sync.processWebhook(Buffer.concat(parts), request.headers["stripe-signature"]);
    } catch (error) {
      [status, text] = [400, String(error)];
      // The first one tells why; thousands more would slow everything down.
      if (!failed) console.error(error);
      failed = true;
    }
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  });
}

async function main() {
  if (process.argv[2] === "prepare") {
    // Without a logger it would swallow its errors.
    const logger = { info() {}, error(error) { throw error; } };
    await runMigrations({ databaseUrl: connectionString, schema: "stripe", logger });
    return;
  }
  const refetch = process.env.PEER_REFETCH === "yes";
  const sync = new StripeSync({
    poolConfig: { connectionString, max: 10 },
    stripeSecretKey: key,
    stripeApiVersion: version,
    stripeWebhookSecret: process.env.PEER_SECRET,
    // Its default is off. With it, it asks Stripe for every object that the event's object names and that is not there.
    backfillRelatedEntities: refetch,
    revalidateObjectsViaStripeApi: refetch ? kinds : [],
  });
  if (process.env.PEER_STRIPE) {
    const { hostname: host, port } = new URL(process.env.PEER_STRIPE);
    sync.stripe = new Stripe(key, { apiVersion: version, protocol: "http", host, port });
  }
  if (process.argv[2] === "backfill") {
    for (const object of process.argv.slice(3)) await sync.syncBackfill({ object });
    await sync.postgresClient.close();
    return;
  }
  http.createServer((request, response) => receive(sync, request, response)).listen(Number(process.env.PEER_PORT), "127.0.0.1");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
