import type { FieldProblem } from "./problems.ts";

/** Capitalizes the first letter, unless it belongs to a quoted value or a name. */
const capitalized = (text: string): string =>
  text.replace(/^(?!systemd\b)[a-z](?=[a-z']*[ ,.])/, (letter) => letter.toUpperCase());

/** Shows backslashes and quotes in a quoted value as the reader has typed them. */
const asTyped = (text: string): string =>
  text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => quoted.replaceAll(/\\(["\\])/g, "$1"));

/** A problem whose texts are written as sentences. */
export function asSentences(problem: FieldProblem): FieldProblem {
  return { ...problem, message: asTyped(capitalized(problem.message)), hint: capitalized(problem.hint) };
}
