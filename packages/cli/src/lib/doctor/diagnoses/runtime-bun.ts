import { basename } from "node:path";
import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { processes } from "../facts/processes.ts";
import { program } from "../facts/program.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";

/** Bun ignores the sockets. */
export const runtimeBun: Diagnosis = {
  code: "runtime-bun",
  severity: "error",
  title: "the app runs on Bun",
  why: "Bun can't listen on a socket that was passed to it. It opens a random port instead, and reports that it listens.",
  looksAt:
    "The program of `ExecStart=` and of the main process, and SOCKACT_ERR_BUN in the output of the app.",
  remedy: "Write `ExecStart=/usr/bin/node …`.",
  explains: ofCrash,
  async find(subject) {
    const [command, running, { output }] = await Promise.all([
      subject.get(program),
      subject.get(processes),
      subject.get(serviceRun),
    ]);
    const line = output.find(({ message }) => /\bSOCKACT_ERR_BUN\b/.test(message));
    const [path] = [command?.path ?? "", ...running.map((each) => each.program)].filter((each) =>
      /^bunx?$/.test(basename(each)),
    );
    if (path === undefined && line === undefined) return [];
    const { systemctl } = subject.host.manager;
    return [
      {
        unit: subject.service,
        message: `${subject.service} runs on Bun, which can't use the sockets of systemd.`,
        evidence: [
          ...(path === undefined ? [] : [{ text: path, source: `${systemctl} show ${subject.service}` }]),
          ...quoted(line ? [line] : []),
        ],
        fix: "Run the app with Node.",
        copy: [`${systemctl} edit --full ${subject.service}`, "  ExecStart=/usr/bin/node …"],
      },
    ];
  },
};
