import type { Channel } from "./channel.ts";
import { NotifyError, type NotifyErrorCode } from "./errors.ts";

/** What to write into the unit. Only a socket that has a path can be opened for the service. */
export function unitHint(socket: string): string {
  const openFile = socket.startsWith("/")
    ? `Write \`OpenFile=${socket}:notify\` into [Service], which systemd 253 or newer understands. Or write `
    : "Write ";
  return `${openFile}\`NotifyAccess=all\`, and put systemd-notify on the PATH.`;
}

/** The error of a message that no backend can deliver. When OpenFile= has the wrong path, that is the reason. */
export function undeliverableError(
  code: NotifyErrorCode,
  message: string,
  { socket, elsewhere }: Pick<Channel, "socket" | "elsewhere">,
): NotifyError {
  const error = new NotifyError(code, message, unitHint(socket));
  return elsewhere === undefined
    ? error
    : new NotifyError("ERR_NOTIFY_PATH", wrongPathMessage(socket, elsewhere), unitHint(socket), {
        cause: error,
      });
}

export function wrongPathMessage(socket: string, elsewhere: string): string {
  return `The file descriptor named notify leads to ${elsewhere}, and NOTIFY_SOCKET is ${socket}`;
}
