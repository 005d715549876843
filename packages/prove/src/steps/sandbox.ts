import { listening, socketsOf } from "../listening.ts";
import { heldIf, type Step } from "../step.ts";

/** It stays within its sandbox: no port of its own, and no process that outlives it. */
export const sandbox: Step = async (app) => {
  await app.stop();
  for (let count = 0; count < 5; count++) await app.request();
  const pids = await app.pids();
  const [own, ofManager] = [await socketsOf(app.systemd, pids), await socketsOf(app.systemd, [1])];
  const ports = (await listening(app.systemd))
    .filter(({ inode }) => own.has(inode) && !ofManager.has(inode))
    .flatMap(({ port }) => port ?? []);
  await app.stop();
  return heldIf(
    ports.length === 0,
    {},
    [...new Set(ports)].map((port) => ({ code: "SOCKACT_PROVE_PORT", details: { port }, places: [] })),
  );
};
