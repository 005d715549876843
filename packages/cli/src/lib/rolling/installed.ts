import { basename } from "node:path";
import { RollingError } from "./rolling-error.ts";
import type { Properties } from "../shared/properties.ts";

/** The properties that say whether systemd has loaded a unit, and why not. */
export const loadProperties = ["LoadState", "LoadError", "FragmentPath"] as const;

export const rewrite = "Write both units with rolling: true in @sockact/units";

/** Refuses a unit that systemd has not loaded. The hint has the command that loads it. `systemctl` is that command, with `--user` if needed. */
export function mustBeLoaded(
  unit: string,
  { LoadState, LoadError, FragmentPath }: Properties<(typeof loadProperties)[number]>,
  systemctl: string,
): void {
  if (LoadState === "loaded") return;
  const analyze = systemctl.replace("systemctl", "systemd-analyze");
  const reload = `${systemctl} daemon-reload`;
  // A mask may be of the template, and one below /run is of this boot only.
  const unmask = `${systemctl} unmask ${FragmentPath.startsWith("/run/") ? "--runtime " : ""}${basename(FragmentPath)}`;
  const hints: Record<string, string> = {
    masked: `Remove the mask: ${unmask}`,
    "bad-setting": `Correct the setting that ${analyze} verify ${unit} names. Then: ${reload}`,
    error: `Correct ${FragmentPath || "the unit's file"}: ${systemctl} status ${unit} shows why. Then: ${reload}`,
  };
  const why = LoadError === "" ? LoadState : LoadError.replace(/^\S+ "(.*)"$/s, "$1");
  throw new RollingError(
    "SOCKACT_ERR_ROLL_UNITS",
    `${unit} cannot be loaded: ${why}`,
    hints[LoadState] ?? `${rewrite}, and install them. Then: ${reload}`,
  );
}
