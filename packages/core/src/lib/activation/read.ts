import cluster from "node:cluster";
import process from "node:process";
import { setEnvironmentData } from "node:worker_threads";
import { adoptDescriptor, isMainThread } from "@sockact/shared/notify";
import { type ReadOutcome, activation, type ActivationResult, WORKER_KEY } from "./activation.ts";
import { classify, findPassed } from "./classify.ts";
import { CLUSTER_VARIABLE } from "./cluster-variable.ts";
import { readFromPrimary } from "./from-primary.ts";
import { debug } from "../shared/debug.ts";
import { explainNotActivated, readInWorkerThread, versionsError } from "./not-activated.ts";
import { hasOtherVersion } from "../shared/process-state.ts";
import { recordTo } from "../shared/record.ts";
import { afterFirstResponse } from "../shared/first-response.ts";
import { readBooleanOption } from "../shared/environment-options.ts";
import { LISTEN_FDS_START, LISTEN_VARIABLES, parseListenEnvironment } from "./protocol/parse-environment.ts";
import {
  type ActivatedSocket,
  formatSocketWithKind,
  isForSockact,
  isFromSocketUnit,
  isSocketOnStandardInput,
  type PassedSocket,
} from "./passed-socket.ts";
import { takeOverStandardInput } from "./standard-input.ts";
import { scheduleUnservedWarning } from "./unserved.ts";

/**
 * Lists the file descriptors that systemd passed to this process, in numerical order. The list is empty if
 * none were passed.
 *
 * The first call reads LISTEN_PID, LISTEN_PIDFDID, LISTEN_FDS and LISTEN_FDNAMES and removes them from the
 * environment, as sd_listen_fds(3) does with `unset_environment`. Later calls return the same list.
 *
 * With `StandardInput=socket`, systemd does not set these variables. The list then contains descriptor 0.
 *
 * @throws ActivationError `SOCKACT_ERR_LISTEN_PID`, `SOCKACT_ERR_LISTEN_PIDFDID`, `SOCKACT_ERR_LISTEN_FDS`,
 *   `SOCKACT_ERR_LISTEN_FDNAMES`, `SOCKACT_ERR_FD_NOT_OPEN`, `SOCKACT_ERR_SOCKET_OUTPUT`, `SOCKACT_ERR_DENO`,
 *   `SOCKACT_ERR_WORKER_THREAD`
 */
export function activatedSockets(): readonly ActivatedSocket[] {
  const { sockets } = readActivation();
  classify(sockets);
  return sockets.map(({ socket }) => socket);
}

/** Whether sockets may have been passed, to this process or another one. Only reads a few variables. */
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
 * Reads the environment on the first call. Later calls return the same result or throw the same error.
 *
 * @param ignoreListenPid whether to claim sockets if LISTEN_PID is unset or 0. After one call with true, it
 *   applies to all later calls.
 * @throws ActivationError the errors of activatedSockets(); `SOCKACT_ERR_OPTION`
 */
export function readActivation(ignoreListenPid?: boolean): ActivationResult {
  if (activation.result === undefined) {
    const isTrusted = readBooleanOption("ignoreListenPid", ignoreListenPid);
    const environment = { ...process.env };
    activation.result = readEnvironment(environment, isTrusted);
    debug(() => describeActivation(environment));
    if (!isTrusted && isForAnyProcess(environment)) activation.untrusted = environment;
  } else if (ignoreListenPid === true && activation.untrusted !== undefined) {
    // The option was not set in an earlier call.
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
 * Whether the variables name no process. Supervisors such as systemfd leave LISTEN_PID unset, or set it to 0.
 */
function isForAnyProcess({ LISTEN_PID, LISTEN_FDS }: Environment): boolean {
  return (
    LISTEN_FDS !== undefined && (LISTEN_PID === undefined || LISTEN_PID === "0" || isOuterPid(LISTEN_PID))
  );
}

/**
 * Whether the value is the ID of this process in the outer PID namespace. systemd before 262 sets it with
 * `PrivatePIDs=yes`.
 */
function isOuterPid(pid: string | undefined): boolean {
  return process.pid === 1 && pid !== undefined && pid !== "1" && pid === process.env["SYSTEMD_EXEC_PID"];
}

/**
 * The environment for this process. If it names no process and is trusted, LISTEN_PID becomes the ID of this
 * process.
 */
export function trustedEnvironment(env: Environment, isTrusted: boolean): Environment {
  return isTrusted && isForAnyProcess(env) ? { ...env, LISTEN_PID: String(process.pid) } : env;
}

/**
 * Whether the variables announce sockets for this process. Removes no variable and reads no descriptor.
 *
 * @throws ActivationError the errors of parseListenEnvironment(); `SOCKACT_ERR_OPTION`
 */
export function areSocketsAnnounced(): boolean {
  const env = trustedEnvironment({ ...process.env }, readBooleanOption("ignoreListenPid", undefined));
  return parseListenEnvironment(env, process.pid).activated;
}

function readEnvironment(env: Environment, isTrusted: boolean): ReadOutcome {
  const trusted = trustedEnvironment(env, isTrusted);
  if (!isMainThread()) return readInWorkerThread(trusted);
  try {
    refuseOtherVersions();
    const ofPrimary = cluster.isWorker ? readFromPrimary() : undefined;
    if (ofPrimary !== undefined) {
      setEnvironmentData(WORKER_KEY, true);
      return ofPrimary;
    }
    const environment = parseListenEnvironment(trusted, process.pid);
    const names = environment.activated ? environment.names : [];
    const announced = findPassed(names.map((name, index) => ({ fd: LISTEN_FDS_START + index, name })));
    adoptOwn(announced.filter(({ name, inode }) => isForSockact(name) && inode !== undefined));
    // Descriptors from OpenFile=, such as the notify socket, do not make a process activated.
    const isAnnounced = announced.some(isFromSocketUnit);
    const onStandardInput = isAnnounced || !isSocketOnStandardInput() ? undefined : takeOverStandardInput();
    if (!isAnnounced && onStandardInput === undefined) {
      if (environment.activated) setEnvironmentData(WORKER_KEY, false);
      return {
        activated: false,
        reason: explainNotActivated(env, environment, isOuterPid(env["LISTEN_PID"])),
        sockets: announced,
      };
    }
    const sockets = onStandardInput ? [onStandardInput, ...announced] : announced;
    // Before this call, a worker thread reads the initial environment of the process, if that is readable and
    // has LISTEN_PID.
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

/** Keeps the descriptors that lead to the service manager and to the journal. */
function adoptOwn(candidates: readonly PassedSocket[]): void {
  // One search in /proc for all.
  classify(candidates);
  for (const passedSocket of candidates) {
    if (isFromSocketUnit(passedSocket)) continue;
    if (passedSocket.name === "notify") adoptDescriptor(passedSocket.fd);
    else recordTo(passedSocket.fd);
  }
}

/** The other copy may have taken the variables, or the channel of a handover, which would wait for it in vain. */
function refuseOtherVersions(): void {
  if (hasOtherVersion()) throw versionsError();
}
