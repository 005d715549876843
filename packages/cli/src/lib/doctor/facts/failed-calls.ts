import type { Subject } from "../model/subject.ts";
import type { JournalLine } from "./journal.ts";
import { serviceRun } from "./service-run.ts";

/** A failed call, read from an error of Node. The app may have ended with this error, or only printed it. */
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
const ofFile = /\b(E[A-Z]{2,}): [^,']+, (\w+) '([^']+)'/;
/** `connect ECONNREFUSED 127.0.0.1:5432`, `connect EPERM 127.0.0.1:80 - Local (0.0.0.0:0)` */
const ofConnection = /\b(connect|send|queryA+|querySrv) (E[A-Z]{2,})(?: ([^\s"',]+))?/;
/** `getaddrinfo EAI_AGAIN db.example` */
const ofName = /\b(getaddrinfo) (E[A-Z_]{2,})(?: ([^\s"',]+))?/;

/** The calls that have failed in the last run, each once. */
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
