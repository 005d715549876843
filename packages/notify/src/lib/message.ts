import { NotifyError } from "./errors.ts";

/**
 * The longest message in bytes: `NOTIFY_BUFFER_MAX` of systemd, which is PIPE_BUF. The service manager
 * ignores longer ones.
 */
export const MESSAGE_MAX = 4096;

/** A ping to the watchdog. */
export const PING = "WATCHDOG=1";

/**
 * A message: lines of the form `VAR=value`, as in sd_notify(3), or an object with the variables. Undefined
 * members are omitted.
 */
export type NotifyState = string | Readonly<Record<string, string | number | bigint | undefined>>;

/** A message as a string, such as `READY=1\nSTATUS=Serving`. */
export function formatMessage(notifyState: NotifyState): string {
  if (typeof notifyState !== "string" && (typeof notifyState !== "object" || notifyState === null))
    throw invalidState(`The message must be a string or an object; got ${String(notifyState)}`);
  const lines =
    typeof notifyState === "string"
      ? notifyState.replace(/\n$/, "").split("\n")
      : Object.entries(notifyState)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => assignment(name, String(value)));
  if (lines.length === 0) throw invalidState("The message is empty");
  for (const line of lines) checkLine(line);
  const text = lines.join("\n");
  const bytes = Buffer.byteLength(text);
  if (bytes > MESSAGE_MAX)
    throw invalidState(
      `The message has ${bytes} bytes, and systemd ignores messages with more than ${MESSAGE_MAX}`,
    );
  return text;
}

/** One `VAR=value` line. */
export function assignment(name: string, value: string): string {
  if (value.includes("\n"))
    throw invalidState(`${name} must not contain a line break; got ${JSON.stringify(value)}`);
  return `${name}=${value}`;
}

function checkLine(line: string): void {
  const name = /^([A-Z_][A-Z0-9_]*)=/.exec(line)?.[1];
  if (name === undefined)
    throw invalidState(`Each line of a message must be VARIABLE=value; got ${JSON.stringify(line)}`);
  if (line.includes("\0")) throw invalidState(`${name} contains a NUL, where systemd would end the message`);
  // Both need a descriptor that is sent with the message.
  if (name === "BARRIER" || name === "FDSTORE")
    throw invalidState(`${name} needs a file descriptor: use storeFd() to store one`);
}

function invalidState(message: string): NotifyError {
  return new NotifyError(
    "SOCKACT_ERR_NOTIFY_STATE",
    message,
    "sd_notify(3) lists the variables and their values.",
  );
}
