import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emitUnits } from "../../packages/units/src/index.ts";
import type { Debian } from "./debian.ts";

/** What `systemd-analyze security` of a Debian finds of an inbound and of an outbound service. */
export async function exposuresOn(debian: Debian): Promise<string[]> {
  // Where both see it.
  const folder = mkdtempSync(join(import.meta.dirname, "../../node_modules/.cache/exposures-"));
  try {
    const exposures: string[] = [];
    for (const hardening of ["inbound", "outbound"] as const) {
      const name = `${hardening}.service`;
      const units = emitUnits({
        name: hardening,
        exec: ["/usr/bin/node", "/srv/app/server.js"],
        sockets: [{ listen: 80 }],
        hardening,
      });
      writeFileSync(join(folder, name), units[name]!);
      const command = ["systemd-analyze", "security", "--offline=true", "--no-pager", join(folder, name)];
      const { stdout, stderr } = await debian.run(command);
      const found = /Overall exposure level for [\w.]+: ([\d.]+ \w+)/.exec(stdout)?.[1];
      if (found === undefined) throw new Error(`systemd-analyze security of ${debian.name} said:\n${stderr}`);
      exposures.push(found);
    }
    return exposures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
