import { valueOf } from "../../parse/load.ts";
import { expandSpecifiers } from "../../systemd/expansion.ts";
import { namesIn, type ServiceSubject, type SocketSubject } from "./subjects.ts";

/**
 * The name of a passed socket. `undefined` for a template, because its instance sets the name, and for a
 * named socket with Accept=yes, which systemd before 257 passes as `connection`.
 */
export function descriptorName({ unit, accepts }: SocketSubject): string | undefined {
  const told = valueOf(unit, "Socket", "FileDescriptorName")?.value;
  if (accepts) return told === undefined ? "connection" : undefined;
  if (told !== undefined) return expandSpecifiers(told, unit.name);
  return unit.name.includes("@.") ? undefined : unit.name;
}

/** The names of the passed sockets. `undefined` if some of them are not in the files. */
export function passedNames({ unit, sockets }: ServiceSubject): string[] | undefined {
  const known = sockets.map((socket) => socket.unit.name);
  const names = sockets.flatMap((socket) => descriptorName(socket) ?? []);
  const isWhole =
    names.length > 0 &&
    names.length === sockets.length &&
    namesIn(unit, "Service", "Sockets").every(({ name }) => known.includes(name));
  return isWhole ? names : undefined;
}
