/** Programs that compile while they run, which MemoryDenyWriteExecute= kills. */
const justInTime = /^(?:node|bun|deno|java|dotnet|mono|luajit)/;

/** The name of the program: behind env(1), of that which it starts. */
function programName(command: unknown): string {
  const [first, second]: unknown[] = Array.isArray(command) ? command : [];
  const program = typeof first === "string" && first.endsWith("/env") ? second : first;
  return typeof program === "string" ? program.slice(program.lastIndexOf("/") + 1) : "";
}

/** Whether a program's name is one of Node's, such as nodejs, node22 or node-22. */
export function isNodeName(name: string): boolean {
  return /^node(?:js)?(?:-?[\d.]+)?$/.test(name);
}

export function isNode(command: unknown): boolean {
  return isNodeName(programName(command));
}

export function compilesAtRunTime(command: unknown): boolean {
  return justInTime.test(programName(command));
}

/**
 * Whether an app may end by itself to be started by the next connection, and systemd would start it again at once. A program of Node may
 * have `idleTimeout` in its code, and so may whatever a container runs. Only a service that is passed its sockets sleeps.
 */
export function mayFallAsleep(description: Record<string, unknown>): boolean {
  const { bind = "socket", container, exec, idleTimeout, restart = "always" } = description;
  const mayHaveTimeout = idleTimeout !== undefined || container !== undefined || isNode(exec);
  return bind === "socket" && mayHaveTimeout && (restart === "always" || restart === "on-success");
}
