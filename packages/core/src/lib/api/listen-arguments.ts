/** The callback among the arguments of `listen()`. */
export function callbackOf(args: readonly unknown[]): (() => void) | undefined {
  return args.findLast((arg) => typeof arg === "function") as (() => void) | undefined;
}

/**
 * The options of listen(port[, host][, backlog]), listen(path[, backlog]) or listen(options). The backlog is
 * the first number after the first argument.
 */
export function bindOptionsOf([first, ...rest]: readonly unknown[]): {
  backlog?: number;
  signal?: AbortSignal;
} {
  if (typeof first === "object" && first !== null) return first;
  const backlog = rest.find((arg) => typeof arg === "number");
  return backlog === undefined ? {} : { backlog };
}

/** Whether the options of listen() name a descriptor or a handle. The server then listens on nothing else. */
export function hasHandle(options: unknown): options is { fd?: unknown } {
  const { fd, _handle, handle } = Object(options) as { fd?: unknown; _handle?: unknown; handle?: unknown };
  return typeof fd === "number" || _handle !== undefined || handle !== undefined;
}
