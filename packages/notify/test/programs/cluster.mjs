// Sends a message in a worker of node:cluster that starts before the first message of the primary.
import cluster from "node:cluster";
import { once } from "node:events";
import { isSupervised, ready, startWatchdog } from "@sockact/notify";

if (cluster.isPrimary) {
  await once(cluster.fork(), "exit");
  await ready();
} else {
  const outcome = await ready().catch(({ code }) => code);
  const say = {
    event: "worker",
    isSupervised: isSupervised(),
    outcome,
    watched: startWatchdog() !== undefined,
  };
  process.stdout.write(`${JSON.stringify(say)}\n`, () => process.disconnect());
}
