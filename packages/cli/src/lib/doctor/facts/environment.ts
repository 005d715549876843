import { readFile } from "node:fs/promises";
import type { Subject } from "../model/subject.ts";
import { serviceProperties } from "./properties.ts";

/** The variables of the service, `NAME=value` each. They are read to be hidden: no value may be shown. */
export async function environment(subject: Subject): Promise<string[]> {
  const service = await subject.get(serviceProperties);
  // `/etc/shop.env (ignore_errors=no)`
  const files = [...service.get("EnvironmentFiles").matchAll(/^(\/.*?) \(ignore_errors=\w+\)$/gm)];
  const texts = await Promise.all(files.map(([, path = ""]) => readFile(path, "utf8").catch(() => "")));
  return [
    ...splitWords(service.get("Environment")),
    ...texts.flatMap((text) => text.split("\n").map((line) => line.trim().replace(/=(["'])(.*)\1$/, "=$2"))),
  ];
}

/** Words as systemctl prints them: one with a space is in double quotes, with a backslash before what is special. */
function splitWords(text: string): string[] {
  return (text.match(/"(?:[^"\\]|\\.)*"|\S+/gs) ?? []).map((word) =>
    word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/gs, "$1") : word,
  );
}
