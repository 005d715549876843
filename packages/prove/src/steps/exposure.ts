import { heldIf, type Step } from "../step.ts";

/** Above it, systemd-analyze calls a service at least "MEDIUM". */
const MEDIUM = 5;

/** The sandbox: the exposure of `systemd-analyze security`. */
export const exposure: Step = async (app) => {
  const printed = await app.systemd.mustRun(["systemd-analyze", "security", "--no-pager", app.service]);
  const score = Number(/exposure level for .*: ([\d.]+)/.exec(printed)?.[1]);
  return heldIf(score < MEDIUM, { score });
};
