import { FATAL } from "@sockact/core/texts";
import type { Subject } from "../model/subject.ts";
import type { JournalLine } from "./journal.ts";
import { serviceRun } from "./service-run.ts";
import { ERROR_CODE, ERROR_HEAD, FRAME, NODE_VERSION } from "../../printed/node.ts";

/** The error that ended the app, as Node or sockact prints it. */
export interface AppError {
  /** Such as `Error`, `SyntaxError` or `ActivationError`. */
  name: string;
  message: string;
  /** Its `code`, such as SOCKACT_ERR_NAME_UNKNOWN. */
  code: string;
  /** Its message and the frames of the app, for a report. */
  lines: readonly JournalLine[];
  /** All lines that Node has printed about it. */
  block: readonly JournalLine[];
}

/** How many lines of a message, and how many frames, a report has. */
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
  // With debug output, Node prints the same error once more. An error of another process, such as a worker, did not end the app if a later one came.
  return line.pid === other.pid || output.indexOf(line) > output.indexOf(other) ? own : ofNode;
}

/** One line: `sockact: fatal: SOCKACT_ERR_OPTION: … . …` */
function errorOfSockact(output: readonly JournalLine[]): AppError | undefined {
  const line = output.findLast(({ message }) => fatal.test(message));
  if (line === undefined) return undefined;
  const [, code = "", message = ""] = fatal.exec(line.message) ?? [];
  return { name: "ActivationError", code, message, lines: [line], block: [line] };
}

/** Several lines, after which Node prints its own version. */
function errorOfNode(output: readonly JournalLine[]): AppError | undefined {
  const last = output.findLastIndex(({ message }) => NODE_VERSION.test(message));
  if (last === -1) return undefined;
  const { pid } = output[last]!;
  const printed = output.slice(0, last).filter((line) => line.pid === pid);
  // A cause and what was logged before come earlier, or are indented.
  const start = printed.findLastIndex((line) => ERROR_HEAD.test(line.message));
  if (start === -1) return undefined;
  const block = printed.slice(start);
  const [, name = "", bracketed = "", message = ""] = ERROR_HEAD.exec(block[0]!.message) ?? [];
  const code = ERROR_CODE.exec(block.map((line) => line.message).join("\n"))?.[1] ?? bracketed;
  const ownText = block.findIndex((line) => isFrame(line) || /^ +\w+: /.test(line.message));
  const text = ownText === -1 ? block : block.slice(0, Math.max(1, ownText));
  const frames = block.filter((line) => isFrame(line) && !/\(?node:/.test(line.message)).slice(0, FRAMES);
  // Where no frame says where it was, as with a syntax error, a line before the error does.
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
