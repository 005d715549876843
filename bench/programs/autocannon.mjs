// Loads a server, and prints its figures as programs/wrk-report.lua does: node autocannon.mjs URL CONNECTIONS SECONDS [close]
import autocannon from "autocannon";
import process from "node:process";

const [url, connections, duration, connection] = process.argv.slice(2);
const {
  "2xx": requests,
  duration: seconds,
  latency: { p99 },
  errors,
  non2xx,
} = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(duration),
  ...(connection && { headers: { connection } }),
});
console.log(JSON.stringify({ requests, seconds, p99, failed: errors + non2xx }));
