import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { type AppDescription, emitUnits, UnitError } from "@sockact/units";
import { withAppInHome } from "../../app/homes.ts";
import { findConfig } from "../../config/find-config.ts";
import { withSocketForHosts } from "../../config/load-config.ts";
import { resolvePaths } from "../../config/resolve-paths.ts";
import { withBundle } from "../../install-app/bundle.ts";
import { withPreload } from "../../install-app/preload-copy.ts";
import { authorOf, isInterrupted, sha256, withHeader } from "../../install/install.ts";
import { proxyOfFile } from "../../proxy/find-proxy.ts";
import { CliError } from "../../shared/cli-error.ts";
import { invoker } from "../../shared/invoker.ts";
import { ownCommand, userOption } from "../../shared/own-command.ts";
import { readJsonFile } from "../../shared/read-file.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { distrustOf } from "../../shared/trusted-path.ts";
import { assignmentsIn } from "../../shared/unit-text.ts";
import { installation, type UnitFile, unitFiles } from "../facts/files.ts";
import { program } from "../facts/program.ts";
import { systemdVersion } from "../facts/units.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import type { Host, Subject } from "../model/subject.ts";

/** Differences between the unit files and what sockact install wrote, or would write. */
export const filesOfUnits: readonly Diagnosis[] = [
  {
    code: "install-interrupted",
    severity: "error",
    title: "sockact install was killed halfway",
    why: "The units may be those of two versions. The next sockact install of this service undoes the changes first.",
    looksAt: "The record that sockact keeps while it changes an installation.",
    remedy: "Run `sockact install` as before, or `sockact uninstall`.",
    explains: [
      "unit-not-loaded",
      "service-missing",
      "unit-outdated",
      "config-differs",
      "unit-edited",
      "socket-inactive",
      "not-enabled",
    ],
    async find(subject) {
      const { name, host } = subject;
      if (!isInterrupted({ user: host.manager.user, root: "/" }, name)) return [];
      return {
        message: `A sockact install of ${name} was killed halfway, and its changes are still there.`,
        fix: "Install the service again, from the same folder as before.",
        copy: [again(subject)],
      };
    },
  },
  {
    code: "config-differs",
    severity: "warning",
    title: "the config does not match the installed units",
    why: "A change of the config takes effect when you install the units again.",
    looksAt:
      "`sockact.config.json` from which the units were installed, or the one in the current folder. If the config is code, the doctor does not run it: `sockact units --diff` compares it.",
    remedy: "Run `sockact install`.",
    async find(subject) {
      const [installed, files] = await subject.all(installation, unitFiles);
      const file = installed?.config ?? configHere();
      if (file === undefined) return [];
      const wanted = await wantedUnits(subject, file, installed?.config === file);
      return Object.entries(wanted).flatMap(([unit, text]) => {
        const own = files.find(({ path }) => path.endsWith(`/${unit}`));
        // An edited file is a separate finding.
        if (own === undefined || authorOf(subject.name, own.text) === "edited") return [];
        if (own.text === text || own.text === withHeader(subject.name, unit, text)) return [];
        return {
          unit: own.unit,
          message: `${file} does not match the installed ${own.unit}.`,
          evidence: [{ text: firstDifference(own.text, text), source: `${own.path} (-), ${file} (+)` }],
          fix: "Look at the difference, and install again.",
          copy: [
            `cd ${shellWord(dirname(file))}`,
            ownCommand("units", subject.name, "--diff", ...userOption(subject.host.manager.user)),
            again(subject),
          ],
        };
      });
    },
  },
  {
    code: "unit-edited",
    severity: "info",
    title: "a file that sockact installed was edited",
    why: "sockact install does not overwrite an edited file unless you add --force. A drop-in keeps your settings separate from the files of sockact.",
    looksAt: "The unit files, and the checksums that sockact recorded when it wrote them.",
    remedy:
      "Write your settings into a drop-in with `systemctl edit`. Then restore the files with `sockact install --force`.",
    async find(subject) {
      const [installed, files] = await subject.all(installation, unitFiles);
      const changed = await Promise.all(
        (installed?.files ?? []).map(async ({ path, sha256: hash }) => {
          const content = await readFile(path).catch(() => undefined);
          const isSite = proxyOfFile(path, subject.name) !== undefined;
          // A file that is missing is a separate finding.
          return content !== undefined && sha256(content) !== hash ? [{ path, isSite }] : [];
        }),
      );
      return changed.flat().map(({ path, isSite }) => {
        const unit = files.find((file) => file.path === path)?.unit ?? subject.service;
        return {
          unit,
          message: `${path} has changed since sockact installed it.`,
          evidence: [
            { text: path, source: `installed by sockact ${installed!.sockact}, ${installed!.installedAt}` },
          ],
          fix: isSite
            ? `The proxy uses the edited file. To write the site anew, run ${again(subject, "--force")} as before.`
            : `To keep the change, move it into a drop-in. Otherwise run ${again(subject, "--force")} as before.`,
          copy: isSite ? [] : [`${subject.systemctl} edit ${unit}`],
        };
      });
    },
  },
  {
    code: "drop-in-overrides",
    severity: "info",
    title: "a drop-in overrides lines of the unit",
    why: "systemd reads a drop-in after the unit, so the value in the drop-in applies. An empty value also removes all earlier values.",
    looksAt: "The drop-ins of each unit.",
    remedy: "Nothing, if the drop-in is yours. Otherwise remove it with `systemctl revert`.",
    async find(subject) {
      const { systemctl } = subject;
      const files = await subject.get(unitFiles);
      const mains = files.filter(({ path }) => !path.endsWith(".conf"));
      return files.flatMap(({ unit, path, text }) => {
        const main = mains.findLast((file) => file.unit === unit);
        if (main === undefined || main.path === path) return [];
        const names = new Set(replacedBy(text, main).map(({ key }) => key));
        if (names.size === 0) return [];
        // An empty value resets earlier lines, so all lines of the drop-in are relevant.
        const lines = assignmentsIn(text).filter(({ key }) => names.has(key));
        return {
          unit,
          message: `${path} replaces ${[...names].map((name) => `${name}=`).join(", ")} of ${unit}.`,
          evidence: [{ text: lines.map(({ key, value }) => `${key}=${value}`).join("\n"), source: path }],
          fix: `If you do not want that, remove the drop-in. ${systemctl} revert removes all drop-ins of the unit.`,
          copy: [`${systemctl} cat ${unit}`],
        };
      });
    },
  },
];

/** The config in the current folder. */
function configHere(): string | undefined {
  try {
    return findConfig(process.cwd());
  } catch {
    return undefined;
  }
}

/**
 * The units that the config describes for this service. Empty if the config is code, which the doctor does
 * not run, or describes other services.
 */
async function wantedUnits(
  subject: Subject,
  file: string,
  isOfService: boolean,
): Promise<Record<string, string>> {
  const { host } = subject;
  if (!file.endsWith(".json")) {
    if (!isOfService) return {};
    host.cannotSee(
      `${file} is code, and the doctor does not run code.`,
      `cd ${shellWord(dirname(file))} && ${ownCommand("units", "--diff")}`,
    );
    return {};
  }
  const read = await readConfig(host, file);
  if (read === undefined) return {};
  try {
    const node = (await subject.get(program))?.path ?? process.execPath;
    const folder = dirname(file);
    const descriptions = [read]
      .flat()
      .filter((one) => typeof one === "object" && one !== null)
      .map((one) => withAppInHome(resolvePaths(one, folder, node) as AppDescription, folder));
    const description = descriptions.find(({ name }) => name === subject.name);
    if (description === undefined) return {};
    const systemd = await host.get(systemdVersion);
    const users = host.manager.user ? { manager: "user" as const, uid: process.getuid?.() } : {};
    const plain = { systemd, ...users, ...(await withSocketForHosts(description, file, undefined)) };
    const emitted = emitUnits(plain);
    const { description: preloaded, copies } = withPreload(plain, emitted);
    const { description: installed, bundle } = withBundle(preloaded);
    return copies.length > 0 || bundle !== undefined ? emitUnits(installed) : emitted;
  } catch (error) {
    if (!(error instanceof UnitError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    cannotUse(host, file, (error as Error).message);
    return {};
  }
}

/** The content of a config. `undefined`, with a note, if it can't be read or if root does not trust it. */
async function readConfig(host: Host, file: string): Promise<unknown> {
  try {
    const distrust = host.isRoot ? await distrustOf(file, await invoker()) : undefined;
    if (distrust === undefined) return readJsonFile(file);
    cannotUse(host, file, `root does not read it, because ${distrust.path}: ${distrust.why}`);
  } catch (error) {
    if (error instanceof CliError) throw error;
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") cannotUse(host, file, (error as Error).message);
    else
      host.cannotSee(
        `${file}, from which the service was installed, does not exist any more`,
        `ls -ld ${shellWord(dirname(file))}`,
      );
  }
  return undefined;
}

/** The command that installs the service again, from the folder of its config or app. */
const again = ({ name, host }: Subject, ...options: readonly string[]): string =>
  ownCommand("install", "--name", name, ...options, ...userOption(host.manager.user));

function cannotUse(host: Host, file: string, why: string): void {
  host.cannotSee(
    `${file} can't be used: ${why.split("\n")[0]}`,
    `cd ${shellWord(dirname(file))} && ${ownCommand("units")}`,
  );
}

/** The first lines that differ. */
function firstDifference(installed: string, wanted: string): string {
  const [own, other] = [installed, wanted].map((text) =>
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
  ) as [string[], string[]];
  const lines = [
    ...own.filter((line) => !other.includes(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !own.includes(line)).map((line) => `+ ${line}`),
  ];
  return lines.slice(0, 6).join("\n") || "the order of the lines";
}

/** The assignments of a drop-in that replace values of the unit, instead of adding to a list. */
function replacedBy(dropIn: string, main: UnitFile): { key: string }[] {
  const own = new Set(assignmentsIn(main.text).map(({ section, key }) => `${section}.${key}`));
  return assignmentsIn(dropIn).filter(
    ({ section, key, value }) => own.has(`${section}.${key}`) && (value === "" || !isList(section, key)),
  );
}

/** Directives whose lines form a list. */
function isList(section: string, key: string): boolean {
  return (
    section === "Unit" ||
    section === "Install" ||
    /^(?:Listen\w+|Environment\w*|Exec\w+|\w*Paths|\w+Directory|SystemCallFilter|RestrictAddressFamilies|IPAddress\w+|LoadCredential\w*|SetCredential\w*|OpenFile|Sockets|CapabilityBoundingSet|AmbientCapabilities|SupplementaryGroups|TemporaryFileSystem)$/.test(
      key,
    )
  );
}
