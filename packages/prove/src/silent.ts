import type { App } from "./app.ts";
import { causesOf } from "./find-causes.ts";
import type { Machine } from "./machine.ts";
import type { Cause } from "./report.ts";
import { Witness } from "./witness.ts";

/** How long it may take until the witness knows what an app waits for, in milliseconds. */
const TIMEOUT = 30_000;

/** Why an app does not answer after its installation: what the witness sees at a start, and the doctor's findings. */
export async function diagnoseSilent(machine: Machine, app: App): Promise<Cause[]> {
  const findings = await machine.diagnose(app.name);
  const witness = await Witness.attach(app);
  await app.systemd.systemctl("start", "--no-block", app.service);
  const knows = async (): Promise<boolean> =>
    (await witness.lines()).some(
      ({ what, late }) => what === "crash" || (what === "start" && Number(late) >= 10_000),
    );
  await app.systemd.waitUntil(knows, "the witness knows what the app waits for", TIMEOUT).catch(() => {});
  const lines = await witness.lines();
  await witness.remove();
  const facts = { lines, outcome: { verdict: "broken" }, causes: [], folder: machine.folder } as const;
  const causes = causesOf("start", facts);
  // The doctor sees only that the socket is not used, and can't know what the app waits for.
  return causes.some(({ places }) => places.length > 0) ? causes : findings;
}
