import type { ActivatedService } from "../systemd/activated-units.ts";
import type { ServiceState } from "./service-state.ts";
import type { Warning } from "./service-status.ts";
import type { ServiceProperties, SocketProperties } from "./unit-properties.ts";

/** What `ExecMainCode` says: how the main process has ended. */
function endOf({ ExecMainCode, ExecMainStatus, Result }: ServiceProperties): string {
  if (ExecMainStatus === "0" || ExecMainStatus === undefined) return Result;
  return ExecMainCode === "1" ? `it exited with ${ExecMainStatus}` : `signal ${ExecMainStatus} ended it`;
}

/** What the user should know of a service, the most serious first. */
export function warningsOf(
  { name, services }: ActivatedService,
  state: ServiceState,
  units: readonly ServiceProperties[],
  sockets: readonly SocketProperties[],
  systemctl: string,
): Warning[] {
  const logs = `sockact logs ${name}${systemctl.endsWith("--user") ? " --user" : ""}`;
  const warnings: Warning[] = [];
  const add = (code: Warning["code"], unit: string, message: string, fix: string) =>
    warnings.push({ code, units: [unit], message, fix });
  const isUp = state === "awake" || state === "starting" || state === "restarting" || state === "draining";

  for (const { Id, LoadState, LoadError } of [...sockets, ...units]) {
    if (LoadState === "loaded") continue;
    const why = LoadError === "" ? LoadState : LoadError.replace(/^\S+ "?(.*?)"?$/s, "$1");
    const fix = LoadState === "masked" ? `${systemctl} unmask ${Id}` : `${systemctl} status ${Id}`;
    add("not-loaded", Id, `${Id} is not loaded: ${why}`, fix);
  }
  for (const unit of units) {
    if (unit.ActiveState === "failed") add("failed", unit.Id, `${unit.Id} has failed: ${endOf(unit)}`, logs);
    else if (unit.SubState.startsWith("auto-restart")) {
      const message = `${unit.Id} has crashed (${endOf(unit)}), and systemd starts it again`;
      add("restarting", unit.Id, message, logs);
    }
  }
  const failed = units.filter(({ ActiveState }) => ActiveState === "failed").map(({ Id }) => Id);
  for (const { Id, LoadState, ActiveState, Result, UnitFileState } of sockets) {
    if (LoadState !== "loaded") continue;
    // systemd starts no socket while its service runs.
    const stop = isUp ? `${systemctl} stop ${services.join(" ")} && ` : "";
    if (ActiveState === "failed") {
      const reset = `${systemctl} reset-failed ${[Id, ...failed].join(" ")}`;
      const message = `${Id} has failed (${Result}): its clients are refused`;
      add("socket-failed", Id, message, `${stop}${reset} && ${systemctl} start ${Id}`);
    } else if (ActiveState === "inactive") {
      const message = `${Id} does not listen${isUp ? `, and ${name} runs without it` : ""}`;
      add("not-listening", Id, message, `${stop}${systemctl} start ${Id}`);
    } else if (UnitFileState === "disabled")
      add("not-enabled", Id, `${Id} does not listen after the next boot`, `${systemctl} enable ${Id}`);
  }
  for (const { Id, NeedDaemonReload } of [...sockets, ...units])
    if (NeedDaemonReload === "yes")
      add(
        "changed-on-disk",
        Id,
        `${Id} has changed on disk since systemd read it`,
        `${systemctl} daemon-reload`,
      );
  return warnings;
}

/** The same warnings, with those in one that many services have and that one command answers. */
export function mergeWarnings(warnings: readonly Warning[], systemctl: string): Warning[] {
  const merged = (code: Warning["code"], end: string, fix: (units: string[]) => string): Warning[] => {
    const same = warnings.filter((warning) => warning.code === code);
    const units = [...new Set(same.flatMap((warning) => warning.units))];
    if (units.length < 2) return same;
    return [{ code, units, message: `${units.length} units ${end}`, fix: fix(units) }];
  };
  return [
    ...warnings.filter(({ code }) => code !== "not-enabled" && code !== "changed-on-disk"),
    ...merged(
      "not-enabled",
      "do not listen after the next boot",
      (units) => `${systemctl} enable ${units.join(" ")}`,
    ),
    ...merged(
      "changed-on-disk",
      "have changed on disk since systemd read them",
      () => `${systemctl} daemon-reload`,
    ),
  ];
}
