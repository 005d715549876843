import { spawnSync } from "node:child_process";

let installed: { version: number | undefined } | undefined;

/** The version of the installed systemd, such as 257, or `undefined` if there is none. */
export function systemdVersion(): number | undefined {
  installed ??= { version: askVersion() };
  return installed.version;
}

function askVersion(): number | undefined {
  const { stdout } = spawnSync("systemctl", ["--version"], { encoding: "utf8" });
  const version = /^systemd (\d+)/.exec(stdout ?? "")?.[1];
  return version === undefined ? undefined : Number(version);
}
