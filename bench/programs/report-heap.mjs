// Loaded before an app: at SIGUSR2, prints the bytes in use, and how many garbage collections there were since the last time.
import process from "node:process";
import { GCProfiler } from "node:v8";

const profiler = new GCProfiler();
profiler.start();
process.on("SIGUSR2", () => {
  const { statistics } = profiler.stop();
  const heap = { event: "heap", used: process.memoryUsage().heapUsed, collections: statistics.length };
  process.stdout.write(`${JSON.stringify(heap)}\n`);
  profiler.start();
});
