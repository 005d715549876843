import cluster from "node:cluster";
import process from "node:process";
import { setEnvironmentData } from "node:worker_threads";
import { adoptDescriptor, isMainThread } from "@sockact/shared/notify";
import { type ReadOutcome, activation, type ActivationResult, WORKER_KEY } from "./activation.ts";
import { classify, findPassed } from "./classify.ts";
import { CLUSTER_VARIABLE } from "./cluster-variable.ts";
import { readFromPrimary } from "./from-primary.ts";
import { debug } from "../shared/debug.ts";
import { ActivationError } from "../shared/errors.ts";
import { explainNotActivated, readInWorkerThread } from "./not-activated.ts";
import { afterFirstResponse } from "../shared/first-response.ts";
import { readBooleanOption } from "../shared/environment-options.ts";
import { LISTEN_FDS_START, LISTEN_VARIABLES, parseListenEnvironment } from "./protocol/parse-environment.ts";
import {
  type ActivatedSocket,
  formatSocketWithKind,
  isFromSocketUnit,
  isSocketOnStandardInput,
} from "./passed-socket.ts";
import { takeOverStandardInput } from "./standard-input.ts";
import { scheduleUnservedWarning } from "./unserved.ts";

/**
 * Lists the file descriptors that were passed to this process, in the order of their numbers. The list is
 * empty if none were passed.
 *
 * The first call in a process reads LISTEN_PID, LISTEN_PIDFDID, LISTEN_FDS and LISTEN_FDNAMES, and removes
 * them from the environment, as sd_listen_fds(3) does with `unset_environment`. Later calls return the same
 * sockets.
 *
 * With `StandardInput=socket`, systemd sets none of these variables. Then the list has the socket on
 * descriptor 0.
 *
 * @throws ActivationError `SOCKACT_ERR_LISTEN_PID`, `SOCKACT_ERR_LISTEN_PIDFDID`, `SOCKACT_ERR_LISTEN_FDS`,
 * `SOCKACT_ERR_LISTEN_FDNAMES`, `SOCKACT_ERR_FD_NOT_OPEN`, `SOCKACT_ERR_SOCKET_OUTPUT`, `SOCKACT_ERR_BUN`,
 * `SOCKACT_ERR_WORKER_THREAD`
 */
export function activatedSockets(): readonly ActivatedSocket[] {
  const { sockets } = readActivation();
  classify(sockets);
  return sockets.map(({ socket }) => socket);
}

/**
 * Whether sockets may have been passed, to this process or to another one. Reads a few variables and changes
 * nothing.
 */
export function mayBeActivated(): boolean {
  const { env } = process;
  return (
    env["LISTEN_FDS"] !== undefined ||
    env[CLUSTER_VARIABLE] !== undefined ||
    activation.result !== undefined ||
    isSocketOnStandardInput()
  );
}

/**
 * Reads the environment at the first call. Each later call returns the same result, or throws the same error.
 *
 * @param ignoreListenPid whether to claim sockets whose parent names no process. Once true, it applies to all
 * later calls.
 * @throws ActivationError what activatedSockets() throws; `SOCKACT_ERR_OPTION`
 */
export function readActivation(ignoreListenPid?: boolean): ActivationResult {
  if (activation.result === undefined) {
    const isTrusted = readBooleanOption("ignoreListenPid", ignoreListenPid);
    const environment = { ...process.env };
    activation.result = readEnvironment(environment, isTrusted);
    debug(() => describeActivation(environment));
    if (!isTrusted && isForAnyProcess(environment)) activation.untrusted = environment;
  } else if (ignoreListenPid === true && activation.untrusted !== undefined) {
    // An earlier call did not trust the parent.
    activation.result = readEnvironment(activation.untrusted, true);
    activation.untrusted = undefined;
  }
  if ("error" in activation.result) throw activation.result.error;
  return activation.result;
}

type Environment = Record<string, string | undefined>;

function describeActivation(environment: Environment): string {
  const variables = LISTEN_VARIABLES.flatMap((name) =>
    environment[name] === undefined ? [] : `${name}=${environment[name]}`,
  );
  const { result } = activation;
  const outcome =
    result === undefined || "error" in result
      ? String(result?.error)
      : result.activated
        ? result.sockets.map(({ socket }) => formatSocketWithKind(socket)).join("; ")
        : result.reason;
  return `read ${variables.join(" ") || "no LISTEN_ variable"} as process ${process.pid}: ${outcome}`;
}

/**
 * Whether the variables do not name the process that they are meant for: supervisors such as systemfd leave
 * LISTEN_PID out, or set it to 0.
 */
function isForAnyProcess({ LISTEN_PID, LISTEN_FDS }: Environment): boolean {
  return (
    LISTEN_FDS !== undefined && (LISTEN_PID === undefined || LISTEN_PID === "0" || isOuterPid(LISTEN_PID))
  );
}

/**
 * Whether systemd has set the process ID that this process has in the outer namespace. It does so before
 * version 262, with `PrivatePIDs=yes`.
 */
function isOuterPid(pid: string | undefined): boolean {
  return process.pid === 1 && pid !== undefined && pid !== "1" && pid === process.env["SYSTEMD_EXEC_PID"];
}

/**
 * The environment for this process. If a trusted parent names no process, LISTEN_PID becomes the ID of this
 * process.
 */
export function trustedEnvironment(env: Environment, isTrusted: boolean): Environment {
  return isTrusted && isForAnyProcess(env) ? { ...env, LISTEN_PID: String(process.pid) } : env;
}

/**
 * Whether the variables announce sockets to this process. Removes no variable, and looks at no descriptor.
 *
 * @throws ActivationError what parseListenEnvironment() throws; `SOCKACT_ERR_OPTION`
 */
export function areSocketsAnnounced(): boolean {
  const env = trustedEnvironment({ ...process.env }, readBooleanOption("ignoreListenPid", undefined));
  return parseListenEnvironment(env, process.pid).activated;
}

function readEnvironment(env: Environment, isTrusted: boolean): ReadOutcome {
  const trusted = trustedEnvironment(env, isTrusted);
  if (!isMainThread()) return readInWorkerThread(trusted);
  try {
    const ofPrimary = cluster.isWorker ? readFromPrimary() : undefined;
    if (ofPrimary !== undefined) {
      setEnvironmentData(WORKER_KEY, true);
      return ofPrimary;
    }
    const environment = parseListenEnvironment(trusted, process.pid);
    if (environment.activated) refuseOtherRuntimes();
    const names = environment.activated ? environment.names : [];
    const announced = findPassed(names.map((name, index) => ({ fd: LISTEN_FDS_START + index, name })));
    const notify = announced.find(
      (passedSocket) => passedSocket.name === "notify" && !isFromSocketUnit(passedSocket),
    );
    if (notify?.inode !== undefined) adoptDescriptor(notify.fd);
    // Descriptors from OpenFile= alone, such as the service manager's notify socket, do not make a process
    // activated.
    const isAnnounced = announced.some(isFromSocketUnit);
    const onStandardInput = isAnnounced || !isSocketOnStandardInput() ? undefined : takeOverStandardInput();
    if (onStandardInput) refuseOtherRuntimes();
    if (!isAnnounced && onStandardInput === undefined) {
      if (environment.activated) setEnvironmentData(WORKER_KEY, false);
      return {
        activated: false,
        reason: explainNotActivated(env, environment, isOuterPid(env["LISTEN_PID"])),
        sockets: announced,
      };
    }
    const sockets = onStandardInput ? [onStandardInput, ...announced] : announced;
    // Until then, a worker thread reads the environment that the process was started with, if it has
    // LISTEN_PID and can be read.
    const tellWorkerThreads = (): void => setEnvironmentData(WORKER_KEY, true);
    const isInEnvironment = env["LISTEN_PID"] === String(process.pid) && process.permission === undefined;
    if (isInEnvironment) afterFirstResponse(tellWorkerThreads);
    else tellWorkerThreads();
    scheduleUnservedWarning();
    return { activated: true, sockets };
  } catch (error) {
    return { error: error as Error };
  } finally {
    for (const variable of [...LISTEN_VARIABLES, CLUSTER_VARIABLE]) delete process.env[variable];
  }
}

function refuseOtherRuntimes(): void {
  const { bun, deno } = process.versions;
  if (deno !== undefined)
    throw new ActivationError(
      "SOCKACT_ERR_FD_NOT_OPEN",
      `Deno ${deno} shows sockact no descriptor that it has not opened itself, so sockact can't use the sockets that were passed`,
      "Run the service with Node: ExecStart=/usr/bin/node ….",
    );
  if (bun === undefined) return;
  throw new ActivationError(
    "SOCKACT_ERR_BUN",
    `Bun ${bun} can't listen on a socket that was passed: it opens another, on a random port`,
    "Run the service with Node: ExecStart=/usr/bin/node ….",
  );
}
