import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { bootPrivateSystemd, type PrivateSystemd } from "@sockact/testkit";
import { programs, requiredUnits } from "./service-fields.ts";
import type { Shown } from "./shown.ts";

const folder = "/run/systemd/system";
const enabledFolder = "/etc/systemd/system";

/** A systemd with the programs and units that descriptions of the campaign speak of. */
export async function bootForCampaign(): Promise<PrivateSystemd> {
  const systemd = await bootPrivateSystemd();
  await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
  for (const program of programs) if (program.startsWith("/srv/")) await systemd.write(program, "", 0o755);
  for (const unit of requiredUnits)
    if (unit.endsWith(".service")) await systemd.write(`${folder}/${unit}`, "[Service]\nExecStart=/bin/sh\n");
  return systemd;
}

/** What systemd made of unit files. */
export interface ReadBack {
  /** What systemd-analyze and the journal say of them. */
  complaints: string;
  /** Properties by unit. */
  shown: Record<string, Shown>;
  /** What `systemctl enable` linked. */
  links: string[];
}

/** The path of a unit's object: every byte but a letter or digit in hexadecimal. */
function objectPath(unit: string): string {
  const label = unit.replace(
    /[^A-Za-z0-9]/g,
    (character) => `_${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `/org/freedesktop/systemd1/unit/${label}`;
}

/** All properties of each unit, as JSON: the output of `systemctl show` is not exact for unusual bytes. */
async function properties(systemd: PrivateSystemd, units: readonly string[]): Promise<Shown[]> {
  const call =
    "busctl --json=short call org.freedesktop.systemd1 $unit org.freedesktop.DBus.Properties GetAll s ''";
  const output = await systemd.mustRun(["sh", "-c", `while read -r unit; do ${call} || exit; done`], {
    input: units.map((unit) => `${objectPath(unit)}\n`).join(""),
    timeout: 300_000,
  });
  return output
    .trimEnd()
    .split("\n")
    .map((answer) => {
      const { data } = JSON.parse(answer) as { data: [Record<string, { data: unknown }>] };
      return Object.fromEntries(Object.entries(data[0]).map(([name, { data: value }]) => [name, value]));
    });
}

async function enable(systemd: PrivateSystemd, units: readonly string[]): Promise<string[]> {
  await systemd.mustRun(["systemctl", "enable", "--no-reload", "--quiet", "--", ...units], {
    timeout: 300_000,
  });
  const root = systemd.hostPath(enabledFolder);
  const folders = await readdir(root);
  const links = await Promise.all(
    folders.map(async (name) => (await readdir(`${root}/${name}`)).map((link) => `${name}/${link}`)),
  );
  return links.flat();
}

/** Has systemd load unit files, asks for what it made of the units, and takes them away again. */
export async function readBack(
  systemd: PrivateSystemd,
  files: Record<string, string>,
  units: readonly string[],
  enabled: readonly string[],
): Promise<ReadBack> {
  const root = systemd.hostPath(folder);
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(`${root}/${name}`, text)));
  // It takes what follows a colon for an alias: units with one in their names it loads since another unit
  // wants them.
  const [unnamed, named] = [true, false].map((colon) => units.filter((unit) => unit.includes(":") === colon));
  await systemd.write(
    `${folder}/all.target`,
    `[Unit]\n${unnamed!.map((unit) => `Wants=${unit}\n`).join("")}`,
  );
  const paths = ["all.target", ...named!].map((unit) => `${folder}/${unit}`);
  const { stdout, stderr } = await systemd.run(["systemd-analyze", "verify", "--man=no", ...paths], {
    timeout: 300_000,
  });
  await systemd.systemctl("daemon-reload");
  const half = Math.ceil(units.length / 2);
  const halves = [units.slice(0, half), units.slice(half)];
  const shown = (await Promise.all(halves.map((some) => properties(systemd, some)))).flat();
  await systemd.mustRun(["journalctl", "--sync"]);
  const journal = await systemd.mustRun(["journalctl", "--quiet", "--no-pager", "--output=cat", "_PID=1"]);
  const links = await enable(systemd, enabled);
  await rm(systemd.hostPath(enabledFolder), { recursive: true });
  await mkdir(systemd.hostPath(enabledFolder));
  await Promise.all(Object.keys(files).map((name) => rm(`${root}/${name}`)));
  const ours = journal.split("\n").filter((message) => units.some((unit) => message.includes(unit)));
  return {
    complaints: [stdout, stderr, ...ours].join("\n").trim(),
    shown: Object.fromEntries(units.map((unit, index) => [unit, shown[index]!])),
    links,
  };
}
