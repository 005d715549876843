// The common parts of the primaries of clustered apps. Plain JavaScript, because Node runs them without the
// test runner.
import cluster from "node:cluster";
import process from "node:process";
import { say } from "./contract-app.mjs";

/**
 * Forks two workers, and a new one for each that ends, as most apps do. SIGUSR2 kills all workers at once,
 * and SIGWINCH replaces them one by one. The test sends signals, because the workers share the standard
 * input.
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
