// A webhook receiver around the stripe-sync-engine, as its README shows it: `node sync-engine.cjs prepare`, then without a word.
// The CommonJS build: the other one cannot find its migrations.
const http = require("node:http");
const { StripeSync, runMigrations } = require("@supabase/stripe-sync-engine");

let failed = false;
const connectionString = process.env.PEER_DATABASE_URL;

function receive(sync, request, response) {
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
  const sync = new StripeSync({
    poolConfig: { connectionString, max: 10 },
    stripeSecretKey: "sk_test_TollgateBench0000000000000",
    stripeWebhookSecret: process.env.PEER_SECRET,
    // Otherwise it asks Stripe for every object that the event's object names.
    backfillRelatedEntities: false,
  });
  http.createServer((request, response) => receive(sync, request, response)).listen(Number(process.env.PEER_PORT), "127.0.0.1");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
