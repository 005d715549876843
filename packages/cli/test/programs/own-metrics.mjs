// Counts its requests, and leaves the counter in the journal when it stops. `/?gauges=N` makes it leave N gauges instead,
// and `/?text=TEXT` that text. At `/?endless`, it records 60 kB as fast as it can.
import { createServer } from "node:http";
import { listen, recordMetrics } from "@sockact/core";

let hits = 0;
let text;
const server = createServer((request, response) => {
  hits += 1;
  const { searchParams } = new URL(request.url, "http://app");
  const gauges = Array.from({ length: searchParams.get("gauges") }, (_, index) => `g{of="${index}"} 1\n`);
  if (gauges.length > 0) text = gauges.join("");
  text = searchParams.get("text") ?? text;
  if (searchParams.has("endless")) return recordEndlessly();
  response.setHeader("Connection", "close").end();
});
function recordEndlessly() {
  const long = "x".repeat(16);
  recordMetrics(Array.from({ length: 1999 }, (_, index) => `g{long="${long}",of="${index}"} 1\n`).join(""));
  setImmediate(recordEndlessly);
}
const recorded = () => recordMetrics(text ?? `# TYPE hits_total counter\nhits_total ${hits}\n`);
await listen(server, { onStop: () => console.log(`recorded: ${recorded()}`) });
