import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Servers are in folders that the PATH of a user may not have. */
const folders = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  "/usr/sbin",
  "/usr/lib/systemd",
  "/lib/systemd",
];

/** The path of an installed program. If there is none, prints which package has it. */
export function findProgram(
  name: string,
  { packageName = name, without = "It is left out." } = {},
): string | undefined {
  const path = folders.map((folder) => join(folder, name)).find(existsSync);
  if (path === undefined)
    console.error(`${name} is not installed. ${without} Its package in Debian is ${packageName}.`);
  return path;
}
