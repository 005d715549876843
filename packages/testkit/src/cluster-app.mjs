// What the primaries of clustered apps have in common. Plain JavaScript: they run on Node itself, without the test runner.
import cluster from "node:cluster";
import process from "node:process";
import { say } from "./contract-app.mjs";

/**
 * Forks two workers, and another for each that ends, as most apps do. SIGUSR2 kills all of them at once, SIGWINCH lets one after the other
 * give way to a new one: signals, since standard input is the workers' too.
 */
export function runPrimary() {
  cluster.on("listening", ({ id, process: { pid } }) => say("worker", { id, pid }));
  cluster.on("exit", ({ id }, code, signal) => {
    say("exit", { id, code, signal });
    cluster.fork();
  });
  process.on("SIGUSR2", () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill("SIGKILL");
  });
  process.on("SIGWINCH", () => void roll());
  for (let count = 0; count < 2; count++) cluster.fork();
}

async function roll() {
  for (const worker of Object.values(cluster.workers)) {
    const next = new Promise((resolve) => cluster.once("listening", resolve));
    worker.disconnect();
    await next;
  }
  say("rolled");
}
