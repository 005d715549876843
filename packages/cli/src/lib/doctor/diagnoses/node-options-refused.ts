import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";
import { OPTION_REFUSED } from "../../printed/node.ts";

/** Node does not know an option. */
export const nodeOptionsRefused: Diagnosis = {
  code: "node-options-refused",
  severity: "error",
  title: "Node refuses one of its options",
  why: "Node exits with status 9 when it gets an option that it does not know, or one that is not allowed in NODE_OPTIONS.",
  looksAt: "`is not allowed in NODE_OPTIONS` and `bad option` in the output of Node.",
  remedy: "Remove the option, or use a version of Node that has it.",
  explains: ofCrash,
  async find(subject) {
    const run = await subject.get(serviceRun);
    if (run.end?.code !== "exited" || run.end.status !== 9) return [];
    const line = run.output.findLast(({ message }) => OPTION_REFUSED.test(message));
    if (line === undefined) return [];
    const isVariable = line.message.includes("NODE_OPTIONS");
    const option = /(--?[\w-]+)/.exec(line.message.replace(/^.*?: /, ""))?.[1] ?? "an option";
    const { systemctl } = subject.host.manager;
    return [
      {
        unit: subject.service,
        message: isVariable
          ? `Node does not accept ${option} in NODE_OPTIONS.`
          : `Node does not accept ${option}, which is before the app in ExecStart=.`,
        evidence: quoted([line, run.end.line]),
        fix: isVariable
          ? "Remove the option, or write it into ExecStart=, between node and the app. node --help lists the options that NODE_OPTIONS may have."
          : "Remove the option, or use a version of Node that has it. An option of the app must come after the app.",
        copy: [`${systemctl} edit --full ${subject.service}`],
      },
    ];
  },
};
