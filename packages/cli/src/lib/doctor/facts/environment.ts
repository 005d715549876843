import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readTextFile } from "../../shared/read-file.ts";
import { environmentFilesOf } from "../../systemd/changed-files.ts";
import type { Subject } from "../model/subject.ts";
import { serviceProperties } from "./properties.ts";
import { unitFiles } from "./unit-files.ts";
import { assignmentsIn } from "../../shared/unit-text.ts";

/** The variables and the credentials of the service, `NAME=value` each. The doctor reads them in order to hide their values. */
export async function environment(subject: Subject): Promise<string[]> {
  const service = await subject.get(serviceProperties);
  const texts = environmentFilesOf(service.get("EnvironmentFiles")).map(textOf);
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

/** The credentials that systemd has given to the service, or will give to it. */
async function credentials(subject: Subject): Promise<string[]> {
  const loaded = await subject.get(credentialFiles);
  const own = `/run/credentials/${subject.service}`;
  const given = (await readdir(own).catch(() => [])).map((name) => join(own, name));
  return [...loaded, ...given].map((path) => `credential=${textOf(path).trim()}`);
}

/** The contents of a file. Empty if it can't be read. */
function textOf(path: string): string {
  try {
    return readTextFile(path);
  } catch {
    return "";
  }
}

/** Words as a unit file has them and systemctl prints them: what is in quotes may have spaces, with a backslash before what is special. */
function splitWords(text: string): string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/gs) ?? []).map((word) =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, double?: string, single?: string) =>
      (double ?? single ?? "").replaceAll(/\\(.)/gs, "$1"),
    ),
  );
}
