import { refusing, shown, type Refusal } from "../../problems.ts";
import { byteLength } from "../../systemd/text.ts";
import { matching, rawText, report, textOf, type Read } from "./readers.ts";
import { sampleText, sourceText } from "../../systemd/specifiers.ts";
import { listItem } from "../../systemd/escaping.ts";

/** PATH_MAX of limits.h includes the NUL. */
const longestPath = 4095;

const refusedAsPath = refusing("SOCKACT_ERR_UNIT_PATH");

export function refusedPath(path: string): Refusal | undefined {
  if (!path.startsWith("/")) return refusedAsPath("not an absolute path", "begin it with /");
  if (path.split("/").includes(".."))
    return refusedAsPath("it contains ..", "write the path without .. in it");
  return byteLength(path) > longestPath
    ? {
        code: "SOCKACT_ERR_UNIT_LENGTH",
        message: `it has ${byteLength(path)} bytes`,
        hint: `a path has at most ${longestPath} bytes`,
      }
    : undefined;
}

export const directory: Read = rawText(refusedPath);

/** A path in a list with quotes. */
export const quotedPath: Read = (value, path, problems) => {
  const text = textOf(value, path, problems);
  if (text === undefined) return [];
  const refusal = refusedPath(sampleText(text));
  return refusal
    ? report(refusal.code, path, problems, `${shown(sourceText(text))}: ${refusal.message}`, refusal.hint)
    : [listItem(text)];
};

/** A path in a list in which systemd removes quotes and treats backslashes specially. */
export const plainPath: Read = (value, path, problems) => {
  const text = textOf(value, path, problems);
  if (text === undefined) return [];
  return /["'\\\p{Control}]/u.test(sourceText(text))
    ? report(
        "SOCKACT_ERR_UNIT_PATH",
        path,
        problems,
        `${shown(sourceText(text))} contains a quote, a backslash or a control character`,
        "rename it: systemd cannot read such a path here",
      )
    : quotedPath(text, path, problems);
};

/** Where systemd.exec(5) can send output. */
export const output: Read = rawText((text) => {
  const [, path] = /^(?:file|append|truncate):(.*)$/.exec(text) ?? [];
  if (path !== undefined) return refusedPath(path);
  return matching(
    "SOCKACT_ERR_UNIT_CHOICE",
    /^(?:inherit|null|tty|journal|kmsg|journal\+console|kmsg\+console|socket)$/,
    "not among the choices",
    "one of journal, null, inherit, socket, tty, kmsg, or file:, append: or truncate: with a path",
  )(text);
});
