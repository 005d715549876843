// Rolls a service over: `roll.mjs NAME OPTIONS`. Prints each event, then how it ended, a JSON a line. SIGUSR2 aborts it.
import process from "node:process";
import { rollingRestart } from "sockact";

const [name, options = "{}"] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const controller = new AbortController();
process.on("SIGUSR2", () => controller.abort(new Error("enough")));
try {
  say(await rollingRestart(name, { signal: controller.signal, onEvent: say, ...JSON.parse(options) }));
} catch (error) {
  const { code, message, hint, journal } = error;
  say({ error: { name: error.name, code, message, hint, journal } });
}
