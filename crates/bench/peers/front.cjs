// In front of the simulated Stripe: what that has no path for, such as plans or a session's line items, is an empty list.
// PEER_SIMULATOR is where the simulator is. GET /calls tells how often it was asked.
const http = require("node:http");

const simulator = new URL(process.env.PEER_SIMULATOR);
const agent = new http.Agent({ keepAlive: true });
let calls = 0;

function answer(response, status, headers, body) {
  response.writeHead(status, { ...headers, "content-length": body.length });
  response.end(body);
}

function pass(request, response) {
  const { "content-length": length, ...headers } = request.headers;
  const sent = { ...headers, host: simulator.host, ...(length ? { "content-length": length } : {}) };
  const options = { agent, host: simulator.hostname, port: simulator.port, method: request.method, path: request.url, headers: sent };
  const passed = http.request(options, (reply) => {
    const parts = [];
    reply.on("data", (part) => parts.push(part));
    reply.on("end", () => {
      const body = Buffer.concat(parts);
      const type = { "content-type": reply.headers["content-type"] ?? "application/json" };
      if (request.method === "GET" && reply.statusCode === 404 && body.includes("Unrecognized request URL")) {
        const list = { object: "list", data: [], has_more: false, url: request.url };
        answer(response, 200, type, Buffer.from(JSON.stringify(list)));
      } else answer(response, reply.statusCode, type, body);
    });
  });
  passed.on("error", (error) => answer(response, 502, {}, Buffer.from(String(error))));
  request.pipe(passed);
}

const server = http.createServer((request, response) => {
  if (request.url === "/calls") return answer(response, 200, {}, Buffer.from(JSON.stringify({ calls })));
  calls += 1;
  pass(request, response);
});
server.listen(Number(process.env.PEER_PORT), "127.0.0.1");
