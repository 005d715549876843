import { basename } from "node:path";
import { FAILED_START_STATUS } from "@sockact/shared/unavailable";
import { HANDOVER_FAILED, RELOAD_FAILED } from "@sockact/shared/texts";
import { isInterrupted } from "../install/install.ts";
import { ownCommand, serviceCommand, userOption } from "../shared/own-command.ts";
import { listOf } from "../shared/properties.ts";
import { unitWords } from "../shared/shell-words.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { closedText } from "../systemd/closed-addresses.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { isRestarting, type ServiceState } from "../systemd/unit-state.ts";
import type { Warning } from "./service-status.ts";
import type { ServiceProperties, SocketProperties, TimerProperties } from "./unit-properties.ts";

/** How the main process ended, from `ExecMainCode`. */
function endOf(unit: ServiceProperties): string {
  const { ExecMainCode, ExecMainStatus, Result, RestartPreventExitStatus } = unit;
  if (ExecMainStatus === "0" || ExecMainStatus === undefined) return Result;
  const isOwn = listOf(RestartPreventExitStatus ?? "").includes(`${FAILED_START_STATUS}`);
  if (isOwn && ExecMainCode === "1" && ExecMainStatus === `${FAILED_START_STATUS}`)
    return "it ended before it listened. The next visitor starts it again";
  return ExecMainCode === "1" ? `it exited with ${ExecMainStatus}` : `signal ${ExecMainStatus} ended it`;
}

/** The facts for the warnings. */
interface Known {
  service: ActivatedService;
  state: ServiceState;
  units: readonly ServiceProperties[];
  timer: TimerProperties | undefined;
  sockets: readonly SocketProperties[];
  /** The addresses of each socket unit without a descriptor. */
  closed: ReadonlyMap<string, readonly string[]>;
}

/** The warnings about a service, the most serious first. */
export function warningsOf(
  { service, state, units, timer, sockets, closed }: Known,
  { systemctl, user }: ServiceManager,
): Warning[] {
  const { name, services, isSystem } = service;
  // The doctor explains most warnings.
  const doctor = serviceCommand("doctor", name, user);
  const warnings: Warning[] = [];
  const add = (code: Warning["code"], unit: string, message: string, fix: string) =>
    warnings.push({ code, units: [unit], message, fix });
  const triggers = timer === undefined ? [] : [timer];
  const isUp = state === "awake" || state === "starting" || state === "restarting" || state === "draining";

  if (isInterrupted({ user, root: "/" }, name)) {
    const message = `sockact install of ${name} was killed halfway. The next one first undoes its changes`;
    add(
      "install-interrupted",
      service.service,
      message,
      ownCommand("install", "--name", name, ...userOption(user)),
    );
  }
  for (const { Id, LoadState, LoadError, FragmentPath } of [...sockets, ...triggers, ...units]) {
    if (LoadState === "loaded") continue;
    if (LoadState === "masked") {
      // The template may be masked instead, and a mask below /run lasts until the next boot.
      const runtime = FragmentPath.startsWith("/run/") ? "--runtime " : "";
      const fix = `${systemctl} unmask ${runtime}${unitWords([basename(FragmentPath)])}`;
      add("not-loaded", Id, `${Id} is masked`, fix);
      continue;
    }
    const why = LoadError === "" ? LoadState : LoadError.replace(/^\S+ "?(.*?)"?$/s, "$1");
    add("not-loaded", Id, `${Id} is not loaded: ${why}`, `${systemctl} status ${unitWords([Id])}`);
  }
  for (const unit of units) {
    if (unit.ActiveState === "failed")
      add("failed", unit.Id, `${unit.Id} has failed: ${endOf(unit)}`, doctor);
    else if (isRestarting(unit)) {
      const message = `${unit.Id} has crashed (${endOf(unit)}), and systemd starts it again`;
      add("restarting", unit.Id, message, doctor);
    } else if (unit.StatusText?.includes(HANDOVER_FAILED) && unit.ActiveState !== "inactive")
      add(
        "handover-failed",
        unit.Id,
        `${unit.Id} runs its old version, because the last handover failed`,
        doctor,
      );
    else if (unit.StatusText?.includes(RELOAD_FAILED) && unit.ActiveState !== "inactive")
      add(
        "reload-failed",
        unit.Id,
        `${unit.Id} runs with old settings or certificates, because its last reload failed`,
        doctor,
      );
  }
  const failed = units.filter(({ ActiveState }) => ActiveState === "failed").map(({ Id }) => Id);
  for (const { Id, LoadState, ActiveState, Result, UnitFileState } of sockets) {
    if (LoadState !== "loaded") continue;
    // systemd does not start a socket while its service runs. But some system services must not be stopped.
    const stop =
      isUp && !isSystem && Id !== service.health ? `${systemctl} stop ${unitWords(services)} && ` : "";
    if (ActiveState === "failed") {
      const reset = `${systemctl} reset-failed ${unitWords([Id, ...failed])}`;
      // This command alone only helps until the service fails again.
      const cause = warnings.some(({ fix }) => fix === doctor) ? "" : `; why: ${doctor}`;
      const message = `${Id} has failed (${Result}): its clients are refused${cause}`;
      add("socket-failed", Id, message, `${stop}${reset} && ${systemctl} start ${unitWords([Id])}`);
      continue;
    }
    // The distribution decides which of its sockets listen.
    if (isSystem) continue;
    const addresses = closed.get(Id) ?? [];
    if (addresses.length > 0) {
      const message = closedText([{ unit: Id, addresses }]);
      const fix =
        service.kind === "single"
          ? serviceCommand("restart", name, user)
          : `${systemctl} restart ${unitWords([Id])}`;
      add("not-listening", Id, message, fix);
    }
    if (ActiveState === "inactive") {
      // It was stopped on purpose, and the state shows that.
      if (state === "stopped" && UnitFileState !== "enabled") continue;
      const effect =
        Id === service.health
          ? ", so load balancers leave this host out"
          : isUp
            ? `, and ${name} runs without it`
            : "";
      const message = `${Id} does not listen${effect}`;
      add("not-listening", Id, message, `${stop}${systemctl} start ${unitWords([Id])}`);
    } else if (UnitFileState === "disabled")
      add(
        "not-enabled",
        Id,
        `${Id} does not listen after the next boot`,
        `${systemctl} enable ${unitWords([Id])}`,
      );
  }
  for (const { Id, LoadState, ActiveState, UnitFileState } of triggers) {
    const enable = `${systemctl} enable --now ${unitWords([Id])}`;
    if (LoadState !== "loaded") continue;
    if (ActiveState !== "active")
      add("timer-inactive", Id, `${Id} does not run, so nothing starts ${name}`, enable);
    else if (UnitFileState === "disabled")
      add("not-enabled", Id, `${Id} does not run after the next boot`, enable);
  }
  for (const { Id, NeedDaemonReload } of [...sockets, ...triggers, ...units])
    if (NeedDaemonReload === "yes")
      add(
        "changed-on-disk",
        Id,
        `${Id} has changed on disk since systemd read it`,
        `${systemctl} daemon-reload`,
      );
  return warnings;
}

/** Merges warnings of many services that one command fixes. */
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
      (units) => `${systemctl} enable ${unitWords(units)}`,
    ),
    ...merged(
      "changed-on-disk",
      "have changed on disk since systemd read them",
      () => `${systemctl} daemon-reload`,
    ),
  ];
}
