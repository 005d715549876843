/* oxlint-disable unicorn/require-post-message-target-origin -- The rule is about windows: a worker thread has no origin. */
// Sends messages in the main thread and in a worker thread, in the order of the first argument. The second argument says whether the
// worker shares the environment of the main thread, or has a copy of it.
import { once } from "node:events";
import { isMainThread, parentPort, SHARE_ENV, Worker } from "node:worker_threads";
import { isSupervised, ready, stopping } from "@sockact/notify";

const [, , order, env] = process.argv;

if (isMainThread) {
  if (order === "main first") await ready();
  const worker = new Worker(new URL(import.meta.url), {
    argv: [order],
    ...(env === "shared" && { env: SHARE_ENV }),
  });
  await once(worker, "message");
  if (order === "main while the worker runs") await ready();
  worker.postMessage("go on");
  await once(worker, "exit");
  if (order === "worker first") await ready();
  await stopping();
} else {
  parentPort.postMessage("loaded");
  await once(parentPort, "message");
  const outcome = await ready().catch(({ code }) => ({ code }));
  process.stdout.write(`${JSON.stringify({ event: "worker", isSupervised: isSupervised(), ...outcome })}\n`);
}
