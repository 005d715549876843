import process from "node:process";
import type { Channel } from "./channel.ts";
import { NotifyError, type NotifyErrorCode } from "./errors.ts";

/** What to write into the unit. OpenFile= can open only sockets with a path. */
export function unitHint(socket: string): string {
  if (process.versions["deno"]) return "Start Deno with --allow-ffi.";
  const openFile = socket.startsWith("/")
    ? `Write \`OpenFile=${socket}:notify\` into [Service], which systemd 253 or newer understands. Or write `
    : "Write ";
  return `${openFile}\`NotifyAccess=all\`, and put systemd-notify on the PATH.`;
}

/** The error if no backend can deliver a message, or if OpenFile= has the wrong path. */
export function undeliverableError(
  code: NotifyErrorCode,
  message: string,
  { socket, elsewhere }: Pick<Channel, "socket" | "elsewhere">,
): NotifyError {
  const error = new NotifyError(code, message, unitHint(socket));
  return elsewhere === undefined
    ? error
    : new NotifyError("SOCKACT_ERR_NOTIFY_PATH", wrongPathMessage(socket, elsewhere), unitHint(socket), {
        cause: error,
      });
}

export function wrongPathMessage(socket: string, elsewhere: string): string {
  return `The file descriptor named notify leads to ${elsewhere}, and NOTIFY_SOCKET is ${socket}`;
}
