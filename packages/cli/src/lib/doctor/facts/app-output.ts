import { FATAL } from "@sockact/shared/texts";
import { ERROR_CODE, ERROR_HEAD, FRAME, NODE_VERSION } from "../../printed/node.ts";
import type { Subject } from "../model/subject.ts";
import { handover } from "./handover.ts";
import { appLines, type JournalLine } from "./journal.ts";
import { processes } from "./processes.ts";
import { serviceRun } from "./runs.ts";

/** The error that ended the app, as Node or sockact prints it. */
export interface AppError {
  /** Such as `Error`, `SyntaxError` or `ActivationError`. */
  name: string;
  message: string;
  /** Its `code`, such as SOCKACT_ERR_NAME_UNKNOWN. */
  code: string;
  /** Its message and the frames of the app, for a report. */
  lines: readonly JournalLine[];
  /** All lines that Node printed about it. */
  block: readonly JournalLine[];
}

/** How many message lines and stack frames a report has. */
const [MESSAGE, FRAMES] = [5, 2];

/** With SyslogLevelPrefix=no, the journal keeps the priority. */
const fatal = new RegExp(`^(?:<\\d>)?${FATAL}(\\w+): (.*)$`, "s");

/** The uncaught error of the last run. */
export async function appError(subject: Subject): Promise<AppError | undefined> {
  const { output, end } = await subject.get(serviceRun);
  if (end === undefined) return undefined;
  const [own, ofNode] = [errorOfSockact(output), errorOfNode(output)];
  if (own === undefined || ofNode === undefined) return own ?? ofNode;
  const [line, other] = [own.block[0]!, ofNode.block[0]!];
  // With debug output, Node prints the same error again. An error of another process, such as a worker, did
  // not end the app if a later one followed.
  return line.pid === other.pid || output.indexOf(line) > output.indexOf(other) ? own : ofNode;
}

/** One line: `sockact: fatal: SOCKACT_ERR_OPTION: … . …` */
function errorOfSockact(output: readonly JournalLine[]): AppError | undefined {
  const line = output.findLast(({ message }) => fatal.test(message));
  if (line === undefined) return undefined;
  const [, code = "", message = ""] = fatal.exec(line.message) ?? [];
  return { name: "ActivationError", code, message, lines: [line], block: [line] };
}

/** Several lines, followed by Node's version. */
function errorOfNode(output: readonly JournalLine[]): AppError | undefined {
  const last = output.findLastIndex(({ message }) => NODE_VERSION.test(message));
  if (last === -1) return undefined;
  const { pid } = output[last]!;
  const printed = output.slice(0, last).filter((line) => line.pid === pid);
  // Causes, and earlier log lines, come before or are indented.
  const start = printed.findLastIndex((line) => ERROR_HEAD.test(line.message));
  if (start === -1) return undefined;
  const block = printed.slice(start);
  const [, name = "", bracketed = "", message = ""] = ERROR_HEAD.exec(block[0]!.message) ?? [];
  const code = ERROR_CODE.exec(block.map((line) => line.message).join("\n"))?.[1] ?? bracketed;
  const ownText = block.findIndex((line) => isFrame(line) || /^ +\w+: /.test(line.message));
  const text = ownText === -1 ? block : block.slice(0, Math.max(1, ownText));
  const frames = block.filter((line) => isFrame(line) && !/\(?node:/.test(line.message)).slice(0, FRAMES);
  // Without frames, as for a syntax error, a line before the error has the place.
  const place = frames.length > 0 ? [] : printed.slice(0, start).filter(isPlace).slice(-1);
  return { name, message, code, block, lines: [...place, ...text.slice(0, MESSAGE), ...frames] };
}

function isFrame({ message }: JournalLine): boolean {
  return FRAME.test(message);
}

/** `file:///srv/shop/server.js:1` */
function isPlace({ message }: JournalLine): boolean {
  return /^(?:file:\/\/)?\/.*:\d+$/.test(message);
}

/** A failed call in an error of Node. It may have ended the app, or only been printed. */
export interface FailedCall {
  /** Such as `EROFS`. */
  code: string;
  /** Such as `open` or `connect`. */
  call: string;
  /** The path, the address or the host name. */
  target: string;
  line: JournalLine;
}

/** `EROFS: read-only file system, open '/srv/data.txt'` */
const ofFile = /\b(E[A-Z]{2,}): [^,']+, (\w+) '([^'\p{Cc}]+)'/u;
/** `connect ECONNREFUSED 127.0.0.1:5432`, `connect EPERM 127.0.0.1:80 - Local (0.0.0.0:0)` */
const ofConnection = /\b(connect|send|queryA+|querySrv) (E[A-Z]{2,})(?: ([^\s"',]+))?/;
/** `getaddrinfo EAI_AGAIN db.example` */
const ofName = /\b(getaddrinfo) (E[A-Z_]{2,})(?: ([^\s"',]+))?/;

/** The different calls that failed in the last run. */
export async function failedCalls(subject: Subject): Promise<FailedCall[]> {
  const { output } = await subject.get(serviceRun);
  const found = new Map<string, FailedCall>();
  for (const line of output) {
    const call = read(line);
    if (call !== undefined && !found.has(`${call.code} ${call.call} ${call.target}`))
      found.set(`${call.code} ${call.call} ${call.target}`, call);
  }
  return [...found.values()];
}

function read(line: JournalLine): FailedCall | undefined {
  const file = ofFile.exec(line.message);
  if (file) return { code: file[1]!, call: file[2]!, target: file[3]!, line };
  const [, call, code, target = ""] = ofConnection.exec(line.message) ?? ofName.exec(line.message) ?? [];
  return call === undefined || code === undefined ? undefined : { code, call, target, line };
}

/** A warning of sockact in the journal of the service. */
export interface AppWarning {
  /** Such as SOCKACT_WARN_UNCLAIMED. */
  code: string;
  /** The first line. */
  message: string;
  /** The following lines: what to change. */
  details: string[];
}

/** The codes of warnings about a socket that no server has claimed. */
export const UNCLAIMED: readonly string[] = ["SOCKACT_WARN_UNCLAIMED", "SOCKACT_WARN_UNMATCHED"];

/** `(node:123) [SOCKACT_WARN_UNCLAIMED] SockactWarning: The socket …` */
const warning = /^\(\w+:(\d+)\) \[(SOCKACT_\w+)\] SockactWarning: (.*)$/s;

/**
 * The warnings of sockact in the app since the last start. After a handover, or a failed one, only those of
 * running processes.
 */
export async function appWarnings(subject: Subject): Promise<AppWarning[]> {
  const [all, running, { wasTried }] = await subject.all(appLines, processes, handover);
  const pids = running.map(({ pid }) => pid);
  const isReplaced = pids.length > 0 && wasTried;
  const lines = all.filter(({ pid }) => !isReplaced || pids.includes(pid));
  return lines.flatMap(({ message, pid, priority }, index) => {
    const [, , code = "", text = ""] = warning.exec(message) ?? [];
    if (code === "") return [];
    const details: string[] = [];
    for (const next of lines.slice(index + 1)) {
      // Another warning, or Node's hint after the first one, or another line of the app if core has written
      // the warning with a priority.
      if (
        next.pid !== pid ||
        next.priority !== priority ||
        next.message.startsWith("(") ||
        details.length === 6
      )
        break;
      details.push(next.message);
    }
    return { code, message: text, details };
  });
}
