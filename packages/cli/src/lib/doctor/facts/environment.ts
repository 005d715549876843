import { readFile } from "node:fs/promises";
import type { Subject } from "../model/subject.ts";
import { serviceProperties } from "./properties.ts";
import { unitFiles } from "./unit-files.ts";
import { parseUnit } from "@sockact/units";

/** The variables and the credentials of the service, `NAME=value` each. They are read to be hidden: no value may be shown. */
export async function environment(subject: Subject): Promise<string[]> {
  const service = await subject.get(serviceProperties);
  // `/etc/shop.env (ignore_errors=no)`
  const files = [...service.get("EnvironmentFiles").matchAll(/^(\/.*?) \(ignore_errors=\w+\)$/gm)];
  const texts = await Promise.all(files.map(([, path = ""]) => readFile(path, "utf8").catch(() => "")));
  const written = (await subject.get(unitFiles)).flatMap((file) =>
    parseUnit(file.text).entries.flatMap((entry) => {
      if (entry.kind !== "assignment") return [];
      if (entry.key === "Environment") return splitWords(entry.value);
      // `NAME:value`
      return entry.key.startsWith("SetCredential") ? [entry.value.replace(":", "=")] : [];
    }),
  );
  return [
    ...written,
    ...splitWords(service.get("Environment")),
    ...texts.flatMap((text) => text.split("\n").map((line) => line.trim().replace(/=(["'])(.*)\1$/, "=$2"))),
  ];
}

/** Words as a unit file has them and systemctl prints them: what is in quotes may have spaces, with a backslash before what is special. */
function splitWords(text: string): string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/gs) ?? []).map((word) =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, double?: string, single?: string) =>
      (double ?? single ?? "").replaceAll(/\\(.)/gs, "$1"),
    ),
  );
}
