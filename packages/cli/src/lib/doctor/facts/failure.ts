import { constants } from "node:os";
import { codes } from "./runs.ts";

/** The properties of a service that say how it ended. */
export type EndProperties = Record<"Result" | "ExecMainCode" | "ExecMainStatus" | "NRestarts", string>;

/** systemd.service(5), `$SERVICE_RESULT`. The others only say that the process ended with an error. */
const results: Readonly<Record<string, string>> = {
  timeout: "It took too long to start or to stop.",
  watchdog: "It did not report to systemd's watchdog in time.",
  "oom-kill": "The kernel ended it, because memory ran out.",
  protocol: "It ended before it had reported to systemd that it is ready.",
  resources: "systemd could not set up what it needs.",
  "exec-condition": "A command of ExecCondition= failed.",
};

/** systemd.exec(5), "Process Exit Codes": the steps before the program that fail most often. */
const steps: Readonly<Record<string, string>> = {
  "200": "systemd could not change to WorkingDirectory=",
  "203": "systemd could not execute the program",
  "216": "systemd could not use the group of the service",
  "217": "systemd could not use the user of the service",
  "226": "systemd could not set up the sandbox",
  "243": "systemd could not set up the credentials",
};

/** How a service ended, in sentences, as `systemctl show` knows it without the journal. */
export function failureText({ Result, ExecMainCode, ExecMainStatus, NRestarts }: EndProperties): string {
  const code = codes[ExecMainCode];
  const signal = Object.entries(constants.signals).find(([, number]) => String(number) === ExecMainStatus);
  const step = steps[ExecMainStatus];
  const how =
    code === undefined
      ? []
      : code === "exited"
        ? [`Its main process exited with status ${ExecMainStatus}${step === undefined ? "" : `: ${step}`}.`]
        : [`${signal?.[0] ?? `Signal ${ExecMainStatus}`} ended its main process.`];
  return [
    ...(results[Result] === undefined ? [] : [results[Result]]),
    ...how,
    ...(Number(NRestarts) > 0
      ? [`systemd has restarted it ${NRestarts === "1" ? "once" : `${NRestarts} times`}.`]
      : []),
  ].join(" ");
}
