import type { Subject } from "../model/subject.ts";
import { environment } from "./environment.ts";
import { program } from "./program.ts";

/** The options of Node: the words of NODE_OPTIONS and of ExecStart=. */
export async function nodeOptions(subject: Subject): Promise<string[]> {
  const [variables, command] = await Promise.all([subject.get(environment), subject.get(program)]);
  const value = variables.find((variable) => variable.startsWith("NODE_OPTIONS="));
  return [...(value?.slice("NODE_OPTIONS=".length).split(" ") ?? []), ...(command?.words.slice(1) ?? [])];
}
