import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, readManifest } from "../../install/install.ts";
import { CliError } from "../../shared/cli-error.ts";
import { serviceCommand } from "../../shared/own-command.ts";
import { textOrEmpty } from "../../shared/read-file.ts";
import { assignmentsIn } from "../../shared/unit-text.ts";
import { environmentFilesOf } from "../../systemd/changed-files.ts";
import type { Subject } from "../model/subject.ts";
import { serviceUnit, allUnits } from "./units.ts";

/** A file of a unit. */
export interface UnitFile {
  unit: string;
  path: string;
  text: string;
  /** When it was last changed, in milliseconds since 1970, or 0. */
  changed: number;
}

/** The files and drop-ins of the loaded units. */
export async function unitFiles(subject: Subject): Promise<UnitFile[]> {
  const found = (await subject.get(allUnits)).flatMap((unit) =>
    [unit.get("FragmentPath"), ...unit.list("DropInPaths")]
      .filter((path) => path !== "")
      .map(async (path): Promise<UnitFile[]> => {
        try {
          const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
          // If the clock was wrong, the time of a file may be in the future, and is useless.
          return [{ unit: unit.unit, path, text, changed: mtimeMs > Date.now() ? 0 : mtimeMs }];
        } catch (error) {
          // A missing file is a separate finding. Report only missing permission.
          if ((error as NodeJS.ErrnoException).code === "EACCES")
            subject.host.cannotSee(`You may not read ${path}`, `sudo cat ${path}`);
          return [];
        }
      }),
  );
  return (await Promise.all(found)).flat();
}

/** When the files of a unit were last changed, in milliseconds since 1970. */
export const lastChange = (files: readonly UnitFile[], unit: string): number =>
  Math.max(0, ...files.filter((file) => file.unit === unit).map(({ changed }) => changed));

/** The manifest of this service, if `sockact install` installed it. */
export async function installation({ host, name }: Subject): Promise<Manifest | undefined> {
  try {
    return readManifest({ user: host.manager.user, root: "/" }, name);
  } catch (error) {
    if (!(error instanceof CliError) && (error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    host.cannotSee(
      `The record of what sockact installed for ${name} can't be read: ${(error as Error).message}`,
      serviceCommand("doctor", name, host.manager.user),
    );
    return undefined;
  }
}

/**
 * The variables and credentials of the service, `NAME=value` each. The doctor needs them to hide their
 * values.
 */
export async function environment(subject: Subject): Promise<string[]> {
  const service = await subject.get(serviceUnit);
  const texts = environmentFilesOf(service.get("EnvironmentFiles")).map(textOrEmpty);
  const written = (await subject.get(unitFiles)).flatMap((file) =>
    assignmentsIn(file.text).flatMap(({ key, value }) => {
      if (key === "Environment") return splitWords(value);
      // `NAME:value`
      return key.startsWith("SetCredential") ? [value.replace(/^[^:]*:/, "credential=")] : [];
    }),
  );
  return [
    ...written,
    ...(await credentials(subject)),
    ...splitWords(service.get("Environment")),
    ...texts.flatMap((text) => text.split("\n").map((line) => line.trim().replace(/=(["'])(.*)\1$/, "=$2"))),
  ];
}

/** The value of one of these variables. */
export const valueOf = (variables: readonly string[], name: string): string | undefined =>
  variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);

/** The files of LoadCredential= and LoadCredentialEncrypted=. systemctl does not print them. */
export async function credentialFiles(subject: Subject): Promise<string[]> {
  return (await subject.get(unitFiles)).flatMap(({ text }) =>
    assignmentsIn(text).flatMap(({ key, value }) => {
      if (!key.startsWith("LoadCredential")) return [];
      // `ID:PATH`, or `ID` for a file in one of systemd's folders.
      const [id = "", path = id] = value.split(/:(.*)/s);
      const folders = ["/etc/credstore", "/run/credstore", "/usr/lib/credstore"];
      return path.startsWith("/") ? [path] : folders.map((folder) => join(folder, path));
    }),
  );
}

/** The service's credentials. */
async function credentials(subject: Subject): Promise<string[]> {
  const loaded = await subject.get(credentialFiles);
  const own = `/run/credentials/${subject.service}`;
  const given = (await readdir(own).catch(() => [])).map((name) => join(own, name));
  return [...loaded, ...given].map((path) => `credential=${textOrEmpty(path).trim()}`);
}

/**
 * The words of a value, as in unit files and in the output of systemctl: quotes keep spaces, and a backslash
 * escapes special characters.
 */
function splitWords(text: string): string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/gs) ?? []).map((word) =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, double?: string, single?: string) =>
      (double ?? single ?? "").replaceAll(/\\(.)/gs, "$1"),
    ),
  );
}
