/** Programs that compile while they run, which MemoryDenyWriteExecute= kills. */
const justInTime = /^(?:node|bun|deno|java|dotnet|mono|luajit)/;

/** The name of the program: behind env(1), of that which it starts. */
function programName(command: unknown): string {
  const [first, second]: unknown[] = Array.isArray(command) ? command : [];
  const program = typeof first === "string" && first.endsWith("/env") ? second : first;
  return typeof program === "string" ? program.slice(program.lastIndexOf("/") + 1) : "";
}

/** Whether it is Node, by any name such as nodejs or node22. */
export function isNode(command: unknown): boolean {
  return /^node(?:js)?(?:[-\d.]|$)/.test(programName(command));
}

export function compilesAtRunTime(command: unknown): boolean {
  return justInTime.test(programName(command));
}
