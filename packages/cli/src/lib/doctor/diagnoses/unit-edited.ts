import { readFile } from "node:fs/promises";
import type { Diagnosis } from "../model/diagnosis.ts";
import { installation } from "../facts/installation.ts";
import { unitFiles } from "../facts/unit-files.ts";
import { sha256 } from "../../install/header.ts";

/** Someone has changed a file that sockact has installed. */
export const unitEdited: Diagnosis = {
  code: "unit-edited",
  severity: "info",
  title: "a file that sockact has installed was changed",
  why: "sockact install does not overwrite what someone has changed, unless you say --force. A drop-in keeps your settings apart from its files.",
  looksAt: "the files of the units, and what sockact has written of them",
  remedy: "`systemctl edit` writes a drop-in; `sockact install --force` writes the files anew",
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
      message: `${path} is not what sockact has installed.`,
      evidence: [
        { text: path, source: `installed by sockact ${installed.sockact}, ${installed.installedAt}` },
      ],
      fix: "If you mean the change, move it into a drop-in. Otherwise call sockact install as before, with --force.",
      copy: [`${subject.host.manager.systemctl} edit ${units.get(path) ?? subject.service}`],
    }));
  },
};
