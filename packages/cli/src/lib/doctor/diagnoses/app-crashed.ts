import { ownCommand } from "../../shared/own-command.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { readJournal } from "../fixes/commands.ts";
import { ofCrash } from "../model/consequences.ts";
import { type AppError, appError } from "../facts/app-error.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";
import { PROCESS_FAILED } from "../../printed/systemd.ts";
import { MODULE_SYNTAX } from "../../printed/node.ts";
import { SVELTEKIT_ONE_SOCKET } from "../../printed/programs.ts";

/** The app ended by itself, and no other diagnosis explains it. */
export const appCrashed: Diagnosis = {
  code: "app-crashed",
  severity: "error",
  title: "the app ended with an error",
  why: "Clients wait until the app starts without an error: with the units of sockact, systemd tries again and again. With StartLimitIntervalSec= or without Restart=, systemd gives up, and then clients are refused.",
  looksAt: "How the last run ended, and the last lines that the app printed.",
  remedy: "Correct the error that the app printed.",
  explains: ofCrash.filter((code) => code !== "app-crashed"),
  async find(subject) {
    const [run, error] = await Promise.all([subject.get(serviceRun), subject.get(appError)]);
    const { end } = run;
    const failed = run.manager.find(({ message }) => PROCESS_FAILED.test(message));
    if (end === undefined || failed === undefined) return [];
    const unit = subject.service;
    const how =
      end.code === "exited" ? `has ended with exit status ${end.status}` : `was killed by SIG${end.name}`;
    const restarts = (await subject.get(serviceProperties)).get("NRestarts");
    const loop =
      Number(restarts) > 0
        ? [{ text: `NRestarts=${restarts}`, source: `${subject.host.manager.systemctl} show ${unit}` }]
        : [];
    const journal = readJournal(subject.host.manager, unit);
    if (error === undefined)
      return [
        {
          unit,
          message: `${unit} ${how}.`,
          evidence: [...quoted([...run.output.slice(-5), end.line]), ...loop],
          fix: "Read the last lines that the app printed, or go back to the last version that worked. Then restart the service.",
          copy: [journal],
        },
      ];
    return [{ unit, evidence: [...quoted(error.lines), ...loop], copy: [journal], ...whatToDo(error, unit) }];
  },
};

function whatToDo(error: AppError, unit: string): Pick<Found, "message" | "fix"> {
  const { name, message, code } = error;
  if (name === "SyntaxError")
    return {
      message: `${unit} has ended at once: Node can't read the app. ${message}.`,
      fix: MODULE_SYNTAX.test(message)
        ? 'The file is an ES module: write "type": "module" into package.json, or name it .mjs.'
        : "Correct the line. If the file is TypeScript, build it, or run it with node --import tsx.",
    };
  if (SVELTEKIT_ONE_SOCKET.test(message))
    return {
      message: `${unit} has ended at once: the server of SvelteKit takes one descriptor, and systemd passes more.`,
      fix: "Write one socket, type: 'exec' and no preload, since SvelteKit takes the socket itself. For more than that, use its handler in a server of sockact: docs/coming-from/sveltekit.md.",
    };
  const correct = "Correct the error, or go back to the last version that worked. Then restart the service.";
  return {
    message: `${unit} has ended with an uncaught error${code === "" ? "" : `: ${code}`}.`,
    fix:
      name === "ActivationError"
        ? `The line says what to change. More: ${ownCommand()} explain ${code}`
        : correct,
  };
}
