import type { Subject } from "../model/subject.ts";
import { journal } from "./journal.ts";

/** The last lines that the service has printed: three at most, beginning with the error if there is one. */
export async function lastLines(subject: Subject): Promise<string[]> {
  const printed = (await subject.get(journal)).filter(
    ({ unit, isOfManager, message }) => unit === subject.service && !isOfManager && message.trim() !== "",
  );
  const last = printed.filter(({ invocation }) => invocation === printed.at(-1)?.invocation);
  const error = last.findIndex(({ message }) => /^(?:\w+ )?(?:\[\w+\] )?\w*Error\b/.test(message));
  const lines = error < 0 ? last.slice(-3) : last.slice(error, error + 3);
  return lines.length === 0 ? [] : [lines.map(({ message }) => message).join("\n")];
}
