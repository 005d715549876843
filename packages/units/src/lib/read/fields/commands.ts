import { argument, executable } from "../../systemd/escaping.ts";
import { notAList, refusing, shown, type Refusal, type UnitProblem } from "../../problems.ts";
import { sampleText, sourceText, type Text } from "../../systemd/specifiers.ts";
import { flagged, isObject } from "./fields.ts";
import { nodeCommand } from "../../node/command-line.ts";
import { isNode, runsNothing } from "../../node/runtime.ts";
import { each, textOf, type Read } from "../values/readers.ts";
import { refusedPath } from "../values/paths.ts";
import { namesVariable, refusedVariable } from "./environment.ts";

const refusedProgram = refusing("SOCKACT_ERR_UNIT_PATH");

function refusedExecutable(path: string): Refusal | undefined {
  if (!path.startsWith("/")) {
    return refusedProgram(
      "not an absolute path",
      "systemd searches its own list of folders, and might find another program or none: write what `command -v` prints",
    );
  }
  if (/["'\\\p{Control}]/u.test(path)) {
    return refusedProgram(
      "it contains a quote, a backslash or a control character",
      "systemd cannot run such a path: rename it",
    );
  }
  if (path.endsWith("/")) return refusedProgram("it names a folder", "write the path of the program");
  return refusedPath(path);
}

function isVariable(word: unknown): word is { variable: unknown } {
  return isObject(word) && Object.keys(word).join() === "variable";
}

/** An argument that systemd replaces by an environment variable, as one word. */
function variableText(word: { variable: unknown }, path: string, problems: UnitProblem[]): string {
  if (typeof word.variable === "string" && namesVariable.test(word.variable)) return `\${${word.variable}}`;
  problems.push({
    path: `${path}.variable`,
    ...refusedVariable(
      `${shown(word.variable)} is not the name of a variable`,
      "ASCII letters, digits and _, with no digit first",
    ),
  });
  return "";
}

/** The array to write for a command line in one string, or an example. */
function asArray(line: unknown): string {
  const words = typeof line === "string" && /^\/[^"'\\]*$/.test(line) ? line.trim().split(/\s+/) : [];
  const { script } = nodeCommand(words);
  const complete = isNode(words)
    ? words.map((word) => (word === script && !word.startsWith("/") ? `/srv/shop/${word}` : word))
    : words;
  const example = ["/usr/bin/node", "/srv/shop/server.js"];
  const shownWords = complete.length > 0 && !runsNothing(complete) ? complete : example;
  return `[${shownWords.map((word) => `'${word}'`).join(", ")}]`;
}

/**
 * ExecStart= and similar directives. In systemd.service(5), their first word has its own rules.
 *
 * @param options words to add after the program, or after the program that env(1) runs, before its own
 *   arguments.
 */
export const execWith =
  (options: readonly Text[]): Read =>
  (value, path, problems) => {
    if (!Array.isArray(value) || value.length === 0) {
      problems.push({
        path,
        ...notAList(value),
        hint: `write the program's absolute path, then its arguments: ${asArray(value)}`,
      });
      return [];
    }
    const words = Array.from(value, (word: unknown, index) => {
      const at = `${path}[${index}]`;
      if (index > 0 && isVariable(word)) return variableText(word, at, problems);
      const text = textOf(word, at, problems);
      if (text === undefined) return "";
      if (index > 0) return argument(text);
      const refusal = refusedExecutable(sampleText(text));
      if (refusal !== undefined)
        problems.push({ ...refusal, path: at, message: `${shown(sourceText(text))}: ${refusal.message}` });
      return executable(text);
    });
    const ofProgram = words[0]!.endsWith("/env") ? 2 : 1;
    return [words.toSpliced(ofProgram, 0, ...options.map(argument)).join(" ")];
  };

export const exec: Read = execWith([]);

/** Commands other than the program, in order, one line each. */
export const commands: Read = each(flagged("command", { mayFail: "-", privileged: "+" }, exec));

/**
 * Exec= and PodmanArgs= of podman-systemd.unit(5). Podman drops an empty word and all words after it, and
 * does not quote `;`.
 */
export const containerExec: Read = (value, path, problems) => {
  if (!Array.isArray(value)) {
    problems.push({ path, ...notAList(value), hint: "write an array of arguments: ['node', 'server.js']" });
    return [];
  }
  const words = Array.from(value, (word: unknown, index) => {
    const at = `${path}[${index}]`;
    const text = textOf(word, at, problems);
    if (text === "" || text === ";") {
      problems.push({
        path: at,
        code: "SOCKACT_ERR_UNIT_TEXT",
        message: `${shown(text)}: a .container file cannot express it`,
        hint: "put the command line into a script in the image",
      });
    }
    return argument(text ?? "");
  });
  return words.length > 0 ? [words.join(" ")] : [];
};
