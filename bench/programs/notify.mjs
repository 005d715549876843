// Sends a message again and again: node notify.mjs notify|ffi MESSAGE COUNT. After each message it waits for a line of input, which says that the
// message has arrived. Prints the medians in milliseconds.
import process from "node:process";
import { createInterface } from "node:readline";
import { median } from "simple-statistics";

const [way, message, count] = process.argv.slice(2);
const socket = process.env.NOTIFY_SOCKET;

async function senderOf() {
  const { notify } = await import("@sockact/notify");
  if (way !== "ffi") return notify;
  // Node still warns of node:ffi, so the package does not use it yet.
  const { loadSdNotify, sendWithFfi } = await import("../../packages/notify/src/lib/ffi.ts");
  const sdNotify = loadSdNotify("allow");
  if (sdNotify === undefined) throw new Error("libsystemd.so.0 could not be loaded");
  return async (text) => sendWithFfi(sdNotify, socket, text, []);
}

const send = await senderOf();
const measured = { "until sent": [], CPU: [] };
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (let sent = 0; sent < Number(count); sent++) {
  const before = process.cpuUsage();
  const began = performance.now();
  if ((await send(message)) === false) throw new Error("There is no way to send messages");
  measured["until sent"].push(performance.now() - began);
  const { user, system } = process.cpuUsage(before);
  measured.CPU.push((user + system) / 1000);
  await input.next();
}
const figures = Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, median(values)]));
process.stdout.write(`${JSON.stringify({ event: "done", figures })}\n`);
process.exit();
