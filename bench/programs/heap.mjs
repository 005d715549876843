// Loaded by --import into an app with --expose-gc. At each SIGUSR2, it prints the heap that the app needs, in MB. It imports nothing, because that
// would need memory too.

/** Each collection frees what the one before has released. */
const COLLECTIONS = 3;

process.on("SIGUSR2", async () => {
  for (let count = 0; count < COLLECTIONS; count++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const heap = process.memoryUsage().heapUsed / 2 ** 20;
  process.stdout.write(`${JSON.stringify({ event: "heap", heap })}\n`);
});
