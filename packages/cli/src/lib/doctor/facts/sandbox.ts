import { access } from "node:fs/promises";
import { isInHome, liesIn } from "../../shared/folders.ts";
import type { Subject } from "../model/subject.ts";
import { serviceUnit, type Unit } from "./units.ts";
import { failedStep } from "./runs.ts";

const temporary = ["/tmp", "/var/tmp"];

/**
 * The paths inside the service in BindPaths= and BindReadOnlyPaths=. An entry is
 * `/home/me/shop:/home/me/shop:rbind`.
 */
export function boundPaths(service: Unit): string[] {
  return ["BindPaths", "BindReadOnlyPaths"]
    .flatMap((name) => service.list(name))
    .map((bind) => bind.replace(/^-/, "").split(":")[1] ?? bind.split(":")[0]!);
}

/** The directive that hides a path from the service, such as `ProtectHome=yes`. */
export function hiddenBy(path: string, service: Unit): string | undefined {
  if (boundPaths(service).some((folder) => liesIn(folder, path))) return undefined;
  const home = service.get("ProtectHome");
  if (["yes", "tmpfs"].includes(home) && isInHome(path)) return `ProtectHome=${home}`;
  const tmp = service.get("PrivateTmp");
  if (!["no", ""].includes(tmp) && temporary.some((folder) => liesIn(folder, path)))
    return `PrivateTmp=${tmp}`;
  for (const name of ["InaccessiblePaths", "TemporaryFileSystem"]) {
    const folder = service.list(name).map((each) => each.replace(/^[-+]+/, "").split(":")[0]!);
    const hiding = folder.find((each) => liesIn(each, path));
    if (hiding !== undefined) return `${name}=${hiding}`;
  }
  const root = service.get("RootDirectory") ? "RootDirectory" : "RootImage";
  return ["", "/"].includes(service.get(root)) ? undefined : `${root}=${service.get(root)}`;
}

/** A directive that blocks outgoing connections. */
export interface NetworkCut {
  line: string;
  /** The directive that allows them again. */
  undo: string;
  /** The codes of the errors that it causes. */
  codes: RegExp;
}

/** The directives that block the app's own connections. */
export function networkCuts(service: Unit): NetworkCut[] {
  const cuts: NetworkCut[] = [];
  if (service.get("PrivateNetwork") === "yes")
    cuts.push({
      line: "PrivateNetwork=yes",
      undo: "PrivateNetwork=no",
      // The namespace has its own loopback device, on which no host service listens.
      codes: /^(?:ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|EADDRNOTAVAIL)$/,
    });
  const denied = service.get("IPAddressDeny");
  if (denied !== "")
    cuts.push({
      line: `IPAddressDeny=${denied}`,
      undo: "IPAddressDeny=",
      codes: /^(?:EPERM|EACCES|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED)$/,
    });
  return cuts;
}

/** The path that systemd did not find when it set up the sandbox. */
export async function pathMissingInSandbox(subject: Subject): Promise<string | undefined> {
  const failed = await subject.get(failedStep);
  if (failed?.step !== "NAMESPACE") return undefined;
  const details = failed.lines.map(({ message }) => message).join("\n");
  // systemd 252 prints the path below its temporary root, 257 the path itself.
  const named = /mount namespacing: (?:\/run\/systemd\/unit-root(?=\/))?(\/\S+): No such file/.exec(
    details,
  )?.[1];
  if (named !== undefined || failed.reason !== "No such file or directory") return named;
  // systemd 262 does not print it.
  const service = await subject.get(serviceUnit);
  for (const given of directives.flatMap((name) => service.list(name))) {
    const path = given.replace(/^\+/, "").split(":")[0]!;
    if (!path.startsWith("-") && (await errorAt(path)) === "ENOENT") return path;
  }
  return undefined;
}

/** Directives whose paths must exist, unless prefixed with -; see systemd.exec(5). */
const directives = [
  "BindPaths",
  "BindReadOnlyPaths",
  "ReadWritePaths",
  "ReadOnlyPaths",
  "InaccessiblePaths",
  "ExecPaths",
  "NoExecPaths",
];

/** Why a file can't be found, such as `ENOENT`, or `undefined`. */
export async function errorAt(path: string): Promise<string | undefined> {
  return access(path).then(
    () => undefined,
    ({ code }: NodeJS.ErrnoException) => code,
  );
}
