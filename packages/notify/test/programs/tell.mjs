// Makes the calls in CALLS, and at SIGUSR1 those in ON_USR1. The calls in one list are made at once. Prints the result of each.
import { spawnSync } from "node:child_process";
import * as notify from "@sockact/notify";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const actions = {
  ...notify,
  backend: () => notify.notifyBackend() ?? "none",
  // A watchdog object cannot be printed.
  startWatchdog: () => notify.startWatchdog()?.interval ?? null,
  block: () => {
    for (;;);
  },
  exit: () => process.exit(),
  child: () =>
    Object.keys(
      JSON.parse(
        spawnSync(process.execPath, ["-p", "JSON.stringify(process.env)"], { encoding: "utf8" }).stdout,
      ),
    )
      .filter((name) => /^(NOTIFY|WATCHDOG)_/.test(name))
      .sort(),
};
const run = async (lists) => {
  for (const list of JSON.parse(lists ?? "[]")) {
    await Promise.all(
      list.map(async ([name, ...args]) => {
        const start = performance.now();
        const outcome = await (async () => actions[name](...args))().catch(({ code, message, hint }) => ({
          code,
          message,
          hint,
        }));
        say("told", { name, outcome, milliseconds: performance.now() - start });
      }),
    );
  }
  say("done");
};

let healthy = true;
if (process.env.WATCHDOG) {
  const healthCheck = process.env.WATCHDOG === "check" ? async () => healthy : undefined;
  const pings = notify.startWatchdog({ healthCheck });
  say("watchdog", { interval: pings?.interval ?? null });
}
process.on("SIGUSR1", () => void run(process.env.ON_USR1));
process.on("SIGUSR2", () => (healthy = false));
process.on("SIGHUP", async () => {
  await notify.reloading();
  await notify.ready();
});
process.on("warning", ({ code, message }) => say("warning", { code, message }));
const alive = setInterval(() => {}, 1e6);
await run(process.env.CALLS);
if (process.env.END) clearInterval(alive);
