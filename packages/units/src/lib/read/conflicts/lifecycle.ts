import { durationOf, spanText } from "@sockact/shared/durations";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { isNode } from "../../node/runtime.ts";
import { isObject } from "../fields/fields.ts";
import { sinceOf } from "../../systemd/versions.ts";
import { refusedLength } from "../../systemd/unit-names.ts";

/** The fields that must fit together, with unchecked values. */
interface LifecycleFields {
  name?: unknown;
  type?: unknown;
  notifyAccess?: unknown;
  openFile?: unknown;
  watchdogSec?: unknown;
  restart?: unknown;
  rolling?: unknown;
  handover?: unknown;
  restartSec?: unknown;
  restartSteps?: unknown;
  restartMaxDelaySec?: unknown;
  execStartPost?: unknown;
  credentials?: unknown;
  preload?: unknown;
  systemd?: unknown;
  exec?: unknown;
  sockets?: unknown;
  bind?: unknown;
  container?: unknown;
  environment?: unknown;
  execReload?: unknown;
  reloadSignal?: unknown;
  manager?: unknown;
  uid?: unknown;
  importCredentials?: unknown;
}

/**
 * The time that a graceful stop may take after the drain, while the app closes databases and other resources.
 */
const afterDrain = 10_000;

/** The types of systemd.service(5) with which a service reports that it is ready. */
const notifying: readonly unknown[] = ["notify", "notify-reload"];

/** Whether the service reports that it is ready. */
export function notifiesBy(fields: LifecycleFields): boolean {
  const { type, rolling, handover } = fields;
  if (type !== undefined) return notifying.includes(type);
  return rolling === true || handover === true || isKnownToNotify(fields);
}

/**
 * Whether the preload reports that the app is ready, so that the default type can be notify-reload. A script
 * that starts Node may keep it as a child process, whose notifications systemd ignores. A service for one
 * connection, or without passed sockets, keeps its type.
 */
function isKnownToNotify({
  preload,
  systemd,
  exec,
  sockets,
  bind = "socket",
  container,
  environment,
  execReload,
  reloadSignal,
  manager,
  uid,
}: LifecycleFields): boolean {
  const isPreloaded = preload !== undefined && preload !== false && container === undefined && isNode(exec);
  const described = Array.isArray(sockets) ? sockets.filter((socket) => isObject(socket)) : [];
  // The preload is ready when the app listens on a stream socket. It serves neither datagrams nor FIFOs.
  const listens = described.some(({ listen }) => listen !== undefined);
  const accepts = described.some(({ accept }) => accept === true);
  // OpenFile= needs the user ID.
  const canSend = manager !== "user" || uid !== undefined;
  const hasOther =
    isObject(environment) &&
    (environment.SOCKACT_NOTIFY !== undefined || environment.SOCKACT_SIGNALS !== undefined);
  const reloadsAtHangup = reloadSignal === undefined || reloadSignal === "SIGHUP";
  return (
    isPreloaded &&
    listens &&
    !accepts &&
    reloadsAtHangup &&
    !hasOther &&
    canSend &&
    bind === "socket" &&
    execReload === undefined &&
    typeof systemd === "number" &&
    systemd >= sinceOf("Type=notify-reload")
  );
}

/** A TimeoutStopSec= that leaves time for the drain, or `undefined` without a drain timeout. */
export function stopTimeout(drainTimeout: unknown): string | undefined {
  const drain = durationOf(drainTimeout);
  if (drain === undefined) return undefined;
  return spanText(Math.ceil(drain) + afterDrain) ?? "infinity";
}

/** Reports contradicting fields. */
export function reportLifecycleConflicts(fields: LifecycleFields, problems: UnitProblem[]): void {
  const { name, type, rolling } = fields;
  const report = conflictsIn(problems);

  const silent =
    ["simple", "exec", "idle"].includes(type as string) || (type === undefined && !notifiesBy(fields));
  if (rolling === true && silent) {
    report(
      "type",
      `with ${shown(type)} systemd does not know when the new instance is ready`,
      "with rolling, write 'notify'",
    );
  } else if (silent) {
    for (const field of ["notifyAccess", "openFile", "watchdogSec"] as const) {
      if (fields[field] === undefined || fields[field] === false) continue;
      // One problem at a time: the value may not be a duration.
      if (problems.some(({ path }) => path === field)) continue;
      report(
        field,
        `the service does not notify: its type is ${type === undefined ? "exec" : (type as string)}`,
        "write type: 'notify' too, or leave it out",
      );
    }
  }
  const longest =
    rolling === true && typeof name === "string" ? refusedLength(`${name}@green.service`) : undefined;
  if (longest !== undefined) problems.push({ path: "name", ...longest });

  reportWaits(fields, report);
  reportRace(fields, report);
}

type Refuse = (path: string, message: string, hint: string) => void;

/** systemd's rules for RestartSteps= together with RestartMaxDelaySec=. */
function reportWaits(fields: LifecycleFields, report: Refuse): void {
  for (const [field, other] of [
    ["restartSteps", "restartMaxDelaySec"],
    ["restartMaxDelaySec", "restartSteps"],
  ] as const) {
    if (fields[field] !== undefined && fields[other] === undefined)
      report(field, `systemd ignores it without ${other}`, `write ${other} too, or leave it out`);
  }
  const longestWait = durationOf(fields.restartMaxDelaySec);
  const wait = fields.restart === "no" ? 100 : 1000;
  if (longestWait !== undefined && longestWait < (durationOf(fields.restartSec) ?? wait)) {
    report(
      "restartMaxDelaySec",
      `${shown(fields.restartMaxDelaySec)} is less than restartSec`,
      "write a longer duration than restartSec",
    );
  }
}

/** systemd 254 and later warn about this. The default type is then `exec`. */
function reportRace(
  { type, credentials, importCredentials, execStartPost }: LifecycleFields,
  report: Refuse,
): void {
  const hasCredentials = [credentials, importCredentials].some(
    (given) => typeof given === "object" && given !== null && Object.keys(given).length > 0,
  );
  if (type === "simple" && hasCredentials && execStartPost !== undefined) {
    report(
      "execStartPost",
      "with type simple, the service could run before its credentials exist",
      "leave type out, or write 'exec'",
    );
  }
}
