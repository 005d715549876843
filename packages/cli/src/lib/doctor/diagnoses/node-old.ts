import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { nodeBinary, nodeVersion } from "../facts/program.ts";

/** sockact needs what this Node does not have. */
export const nodeOld: Diagnosis = {
  code: "node-old",
  severity: "error",
  title: "Node is too old",
  why: "sockact needs Node 20.19 or later. An older Node stops with an error when it loads sockact.",
  looksAt: "The version of the Node that runs the service.",
  remedy: "Install Node 20.19 or later.",
  explains: [...ofCrash, "node-options-refused"],
  async find(subject) {
    const [version, binary] = await Promise.all([subject.get(nodeVersion), subject.get(nodeBinary)]);
    if (version === undefined || binary === undefined || isNewEnough(version)) return [];
    return [
      {
        unit: subject.service,
        message: `${subject.service} runs Node ${version}, but sockact needs 20.19 or later.`,
        evidence: [{ text: `v${version}`, source: `${binary} --version` }],
        fix: "Install a newer Node for all users. If its path differs, correct the path in the unit.",
        copy: [`${subject.host.manager.systemctl} edit --full ${subject.service}`],
      },
    ];
  },
};

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  // 21 and the first of 22 have no process.getBuiltinModule().
  return major === 20 ? minor >= 19 : major === 22 ? minor >= 3 : major > 22;
}
