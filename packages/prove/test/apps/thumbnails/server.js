import { Worker } from "node:worker_threads";
import Koa from "koa";
import { systemdListen } from "@sockact/koa";

class Pool {
  constructor(file, size) {
    this.next = 0;
    this.workers = Array.from({ length: size }, () => new Worker(file));
  }

  run(job) {
    const worker = this.workers[this.next++ % this.workers.length];
    return new Promise((resolve) => {
      worker.once("message", resolve);
      worker.postMessage(job);
    });
  }
}

const pool = new Pool(new URL("./resize.js", import.meta.url), 2);
const app = new Koa();
app.use(systemdListen());
app.use(async (ctx) => {
  ctx.body = await pool.run({ width: 120 });
});

const server = app.listen(3000);
process.on("SIGTERM", () => server.close());
