import { heldIf, type Step } from "../step.ts";

/** It stays within its sandbox: no port of its own, and no process that outlives it. */
export const sandbox: Step = async (app) => {
  await app.stop();
  for (let count = 0; count < 5; count++) await app.request();
  const pids = await app.pids();
  const printed = await app.systemd.mustRun(["ss", "-Hltnp"]);
  const ports = printed
    .split("\n")
    .filter((line) => pids.some((pid) => line.includes(`pid=${pid},`)))
    // systemd has its sockets open, too.
    .filter((line) => !line.includes("pid=1,"))
    .map((line) => Number(/:(\d+)\s/.exec(line.trim().split(/\s+/)[3] + " ")?.[1]));
  await app.stop();
  return heldIf(
    ports.length === 0,
    {},
    [...new Set(ports)].map((port) => ({ code: "SOCKACT_PROVE_PORT", details: { port }, places: [] })),
  );
};
