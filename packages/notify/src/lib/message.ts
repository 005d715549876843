import { NotifyError } from "./errors.ts";

/** The service manager ignores what is longer, in bytes: `NOTIFY_BUFFER_MAX` of systemd, which is PIPE_BUF. */
export const MESSAGE_MAX = 4096;

/**
 * What to tell: `VAR=value` lines as in sd_notify(3), or an object of them. Members that are undefined are left out.
 */
export type NotifyState = string | Readonly<Record<string, string | number | bigint | undefined>>;

/** The text of a message, such as `READY=1\nSTATUS=Serving`. */
export function formatMessage(notifyState: NotifyState): string {
  const lines =
    typeof notifyState === "string"
      ? notifyState.replace(/\n$/, "").split("\n")
      : Object.entries(notifyState)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => assignment(name, String(value)));
  if (lines.length === 0) throw invalidState("There is nothing in the message");
  for (const line of lines) checkLine(line);
  const text = lines.join("\n");
  const bytes = Buffer.byteLength(text);
  if (bytes > MESSAGE_MAX)
    throw invalidState(
      `The message has ${bytes} bytes, and systemd ignores what has more than ${MESSAGE_MAX}`,
    );
  return text;
}

/** One `VAR=value` line. */
export function assignment(name: string, value: string): string {
  if (value.includes("\n")) throw invalidState(`${name} can't hold a line break: ${JSON.stringify(value)}`);
  return `${name}=${value}`;
}

function checkLine(line: string): void {
  const name = /^([A-Z_][A-Z0-9_]*)=/.exec(line)?.[1];
  if (name === undefined) throw invalidState(`This is not VARIABLE=value: ${JSON.stringify(line)}`);
  if (line.includes("\0")) throw invalidState(`${name} holds a NUL, where systemd would end the message`);
  // Both are about a descriptor that comes with the message.
  if (name === "BARRIER" || name === "FDSTORE")
    throw invalidState(`${name} needs a file descriptor with it: storeFd() sends one to be stored`);
}

function invalidState(message: string): NotifyError {
  return new NotifyError(
    "ERR_NOTIFY_STATE",
    message,
    "sd_notify(3) has the variables and what each may hold.",
  );
}
