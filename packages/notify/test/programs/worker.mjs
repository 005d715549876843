// Tells the service manager something in the main thread and in a worker thread.
import { isMainThread, SHARE_ENV, Worker } from "node:worker_threads";
import { ready, stopping } from "@sockact/notify";

if (isMainThread) {
  if (process.argv[2] === "main first") await ready();
  const worker = new Worker(new URL(import.meta.url), { env: SHARE_ENV });
  worker.on("exit", async () => {
    if (process.argv[2] === "worker first") await ready();
    await stopping();
  });
} else {
  const outcome = await ready().catch(({ code }) => ({ code }));
  process.stdout.write(`${JSON.stringify({ event: "worker", ...outcome })}\n`);
}
