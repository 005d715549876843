import { constants } from "node:os";
import { type IntegerFault, parseCInteger } from "./c-integer.ts";
import { ActivationError, type ActivationErrorCode } from "../../shared/errors.ts";

/** The variables of sd_listen_fds(3), in the order in which it reads them. */
export const LISTEN_VARIABLES = ["LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"] as const;

/** The first passed file descriptor: `SD_LISTEN_FDS_START`. */
export const LISTEN_FDS_START = 3;

const FOR_ANYONE =
  "If your supervisor does not set the process ID, and you trust it, write ignoreListenPid: true or SOCKACT_IGNORE_LISTEN_PID=yes.";

/** The result of {@link parseListenEnvironment}. */
export type ListenEnvironment =
  | {
      /** Sockets were passed to this process. */
      readonly activated: true;
      /**
       * The name of each file descriptor from 3 on. It is `unknown` for a descriptor without a name, as in
       * sd_listen_fds_with_names(3).
       */
      readonly names: readonly string[];
    }
  | {
      /** No sockets were passed to this process. */
      readonly activated: false;
      /** The reason, for a log: which variable is missing, or which process the sockets are for. */
      readonly reason: string;
    };

const INT_MAX = 2n ** 31n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;
/** The Linux default of `fs.nr_open`: the most descriptors that a process can have. */
const NR_OPEN = 1_048_576n;
const MALFORMED =
  "systemd sets these variables itself. Remove whatever else sets them: see `systemctl show -p Environment`.";

/**
 * Parses the four LISTEN_ variables as sd_listen_fds_with_names(3) does, without using any file descriptor.
 *
 * - Returns `activated: true` with at least one name if sockets were passed to `pid`.
 * - Returns `activated: false` if none were passed, or if they are for another process. This is not an error.
 * - Throws {@link ActivationError} `SOCKACT_ERR_LISTEN_PID`, `SOCKACT_ERR_LISTEN_PIDFDID`,
 *   `SOCKACT_ERR_LISTEN_FDS` or `SOCKACT_ERR_LISTEN_FDNAMES` if that variable is malformed, or if the numbers
 *   of names and descriptors differ. Throws `SOCKACT_ERR_FD_NOT_OPEN` if LISTEN_FDS is higher than the number
 *   of descriptors that a process can open.
 *
 * It differs from libsystemd in two ways. It reads LISTEN_FDNAMES only if the sockets are for this process.
 * And it reports a wrong number of names even if the descriptors are not open.
 *
 * @param env the environment, such as `process.env`
 * @param pid the process ID to check for, such as `process.pid`
 * @param pidfdId the inode number of a pidfd of that process. systemd 259 and later sets LISTEN_PIDFDID to
 *   it, which distinguishes processes that had the same process ID. Without this argument, only the syntax of
 *   LISTEN_PIDFDID is checked. Node can't determine its own number.
 */
export function parseListenEnvironment(
  env: Record<string, string | undefined>,
  pid: number,
  pidfdId?: bigint,
): ListenEnvironment {
  if (env["LISTEN_PID"] === undefined) return { activated: false, reason: "LISTEN_PID is not set" };
  const listenPid = integer(env["LISTEN_PID"], "LISTEN_PID", { min: 1n, max: INT_MAX });
  if (listenPid !== BigInt(pid)) {
    return {
      activated: false,
      reason: `LISTEN_PID is ${listenPid}, another process than this one (${pid})`,
    };
  }

  if (env["LISTEN_PIDFDID"] !== undefined) {
    const listenPidfdId = integer(env["LISTEN_PIDFDID"], "LISTEN_PIDFDID", {
      min: 0n,
      max: UINT64_MAX,
    });
    if (pidfdId !== undefined && listenPidfdId !== pidfdId) {
      return {
        activated: false,
        reason: `LISTEN_PIDFDID is ${listenPidfdId}, of an earlier process with the pid ${pid}`,
      };
    }
  }

  if (env["LISTEN_FDS"] === undefined) return { activated: false, reason: "LISTEN_FDS is not set" };
  const count = integer(env["LISTEN_FDS"], "LISTEN_FDS", { min: -INT_MAX - 1n, max: INT_MAX });
  if (count <= 0n || count > INT_MAX - BigInt(LISTEN_FDS_START))
    throw malformed("LISTEN_FDS", env["LISTEN_FDS"], "EINVAL");
  if (count > NR_OPEN) {
    throw new ActivationError(
      "SOCKACT_ERR_FD_NOT_OPEN",
      `LISTEN_FDS announces ${count} file descriptors, more than a process can have`,
      MALFORMED,
      {
        errno: -constants.errno.EBADF,
      },
    );
  }

  if (env["LISTEN_FDNAMES"] === undefined) {
    return { activated: true, names: Array.from({ length: Number(count) }, () => "unknown") };
  }
  const names = splitNames(env["LISTEN_FDNAMES"]);
  if (names === undefined) throw malformed("LISTEN_FDNAMES", env["LISTEN_FDNAMES"], "EINVAL");
  if (BigInt(names.length) !== count) {
    throw new ActivationError(
      "SOCKACT_ERR_LISTEN_FDNAMES",
      `LISTEN_FDNAMES has ${names.length} names (${env["LISTEN_FDNAMES"]}) for ${count} file descriptors`,
      "Give one name for each descriptor, separated by colons. A FileDescriptorName= can't contain a colon.",
      { errno: -constants.errno.EINVAL },
    );
  }
  return { activated: true, names };
}

/**
 * A backslash makes the next character, such as a colon, part of the name. Returns undefined for a trailing
 * backslash, which is an error.
 */
function splitNames(text: string): string[] | undefined {
  if (!text.includes("\\")) return text.split(":");
  const names = [""];
  for (const [token] of text.matchAll(/\\[^]?|[^]/g)) {
    if (token === "\\") return undefined;
    if (token === ":") names.push("");
    else names.push(names.pop() + token.replace(/^\\/, ""));
  }
  return names;
}

function integer(
  text: string,
  variable: "LISTEN_PID" | "LISTEN_PIDFDID" | "LISTEN_FDS",
  limits: { min: bigint; max: bigint },
): bigint {
  const value = parseCInteger(text, limits);
  if (typeof value === "string") throw malformed(variable, text, value);
  return value;
}

function malformed(
  variable: (typeof LISTEN_VARIABLES)[number],
  text: string,
  fault: IntegerFault,
): ActivationError {
  const code: ActivationErrorCode = `SOCKACT_ERR_${variable}`;
  const what = fault === "ERANGE" ? "out of range" : "malformed";
  const hint = variable === "LISTEN_PID" && text === "0" ? FOR_ANYONE : MALFORMED;
  return new ActivationError(code, `${variable} is ${what}: ${JSON.stringify(text)}`, hint, {
    errno: -constants.errno[fault],
  });
}
