import { readFile } from "node:fs/promises";
import { ownCommand } from "../../shared/own-command.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { installation } from "../facts/installation.ts";
import { unitFiles } from "../facts/unit-files.ts";
import { sha256 } from "../../install/header.ts";

/** A file that sockact installed was edited. */
export const unitEdited: Diagnosis = {
  code: "unit-edited",
  severity: "info",
  title: "a file that sockact installed was edited",
  why: "sockact install does not overwrite an edited file unless you add --force. A drop-in keeps your settings separate from the files of sockact.",
  looksAt: "The unit files, and the checksums that sockact recorded when it wrote them.",
  remedy:
    "Write your settings into a drop-in with `systemctl edit`. Then restore the files with `sockact install --force`.",
  async find(subject) {
    const installed = await subject.get(installation);
    if (installed === undefined) return [];
    const units = new Map((await subject.get(unitFiles)).map(({ path, unit }) => [path, unit]));
    const changed = await Promise.all(
      installed.files.map(async ({ path, sha256: hash }) => {
        const content = await readFile(path).catch(() => undefined);
        return content !== undefined && sha256(content) !== hash ? [path] : [];
      }),
    );
    return changed.flat().map((path) => ({
      unit: units.get(path) ?? subject.service,
      message: `${path} has changed since sockact installed it.`,
      evidence: [
        { text: path, source: `installed by sockact ${installed.sockact}, ${installed.installedAt}` },
      ],
      fix: `To keep the change, move it into a drop-in. Otherwise run ${ownCommand()} install as before, with --force.`,
      copy: [`${subject.host.manager.systemctl} edit ${units.get(path) ?? subject.service}`],
    }));
  },
};
