// Rolls a service over: `roll.mjs NAME OPTIONS`. Prints each event, then how it ended, a JSON a line. SIGUSR2 aborts it.
// At the event `abortAt` it is aborted too; at the event `failAt` the callback throws, or rejects with `byPromise`. `runAt` has a shell
// command for an event; with `pending` the promises of the callback never settle.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { rollingRestart } from "sockact";

const [name, json = "{}"] = process.argv.slice(2);
const { failAt, byPromise, abortAt, runAt = {}, pending, ...options } = JSON.parse(json);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const controller = new AbortController();
process.on("SIGUSR2", () => controller.abort(new Error("enough")));
function onEvent(event) {
  say(event);
  if (event.type in runAt) execFileSync("sh", ["-c", runAt[event.type]]);
  if (event.type === abortAt) controller.abort(new Error("enough"));
  if (pending) return new Promise(() => {});
  if (event.type !== failAt) return;
  const error = new Error(`the callback failed at ${event.type}`);
  if (byPromise) return Promise.reject(error);
  throw error;
}
try {
  say(await rollingRestart(name, { signal: controller.signal, onEvent, ...options }));
} catch (error) {
  const { code, message, hint, journal } = error;
  say({ error: { name: error.name, code, message, hint, journal } });
}
