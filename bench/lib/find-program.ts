import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Folders of servers that the PATH of a user may lack. */
const folders = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  "/usr/sbin",
  "/usr/lib/systemd",
  "/lib/systemd",
];

/** The path of an installed program. If it is not installed, prints its package. */
export function findProgram(
  name: string,
  { packageName = name, without = "It is left out." } = {},
): string | undefined {
  const path = folders.map((folder) => join(folder, name)).find(existsSync);
  if (path === undefined)
    console.error(`${name} is not installed. ${without} Its package in Debian is ${packageName}.`);
  return path;
}
