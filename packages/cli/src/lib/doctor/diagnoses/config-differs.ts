import { dirname } from "node:path";
import process from "node:process";
import { type AppDescription, emitUnits, UnitError } from "@sockact/units";
import { findConfig } from "../../config/find-config.ts";
import { resolvePaths } from "../../config/resolve-paths.ts";
import { distrustOf } from "../../shared/trusted-path.ts";
import { authorOf, withHeader } from "../../install/header.ts";
import { withAppInHome } from "../../app/homes.ts";
import { withPreload } from "../../install-app/preload-copy.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import type { Host } from "../model/host.ts";
import type { Subject } from "../model/subject.ts";
import { installation } from "../facts/installation.ts";
import { program } from "../facts/program.ts";
import { systemdVersion } from "../facts/systemd-version.ts";
import { unitFiles } from "../facts/unit-files.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { CliError } from "../../shared/cli-error.ts";
import { invoker } from "../../shared/invoker.ts";
import { ownCommand, sudoCommand } from "../../shared/own-command.ts";
import { readJsonFile } from "../../shared/read-file.ts";

/** The config has changed since the units were installed. */
export const configDiffers: Diagnosis = {
  code: "config-differs",
  severity: "warning",
  title: "the config does not match the installed units",
  why: "A change of the config takes effect when you install the units again.",
  looksAt:
    "`sockact.config.json` from which the units were installed, or the one in the current folder. If the config is code, the doctor does not run it: `sockact units --diff` compares it.",
  remedy: "Run `sockact install`.",
  async find(subject) {
    const installed = await subject.get(installation);
    const file = installed?.config ?? configHere();
    if (file === undefined) return [];
    const wanted = await wantedUnits(subject, file, installed?.config === file);
    const files = await subject.get(unitFiles);
    const differing = Object.entries(wanted).flatMap(([unit, text]) => {
      const own = files.find(({ path }) => path.endsWith(`/${unit}`));
      // An edited file is a separate finding.
      if (own === undefined || authorOf(subject.name, own.text) === "edited") return [];
      if (own.text === text || own.text === withHeader(subject.name, unit, text)) return [];
      return [{ own, line: firstDifference(own.text, text) }];
    });
    return differing.map(({ own, line }) => ({
      unit: own.unit,
      message: `${file} does not match the installed ${own.unit}.`,
      evidence: [{ text: line, source: `${own.path} (-), ${file} (+)` }],
      fix: "Look at the difference, and install again.",
      copy: [`cd ${shellWord(dirname(file))}`, `${ownCommand()} units --diff`, `${sudoCommand()} install`],
    }));
  },
};

/** The config in the current folder. */
function configHere(): string | undefined {
  try {
    return findConfig(process.cwd());
  } catch {
    return undefined;
  }
}

/** The units that the config describes for this service. Empty if the config is code, which the doctor does not run, or describes other services. */
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
      `cd ${shellWord(dirname(file))} && ${ownCommand()} units --diff`,
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
    const plain = { systemd, ...users, ...description };
    const units = emitUnits(plain);
    const { description: installed, copies } = withPreload(plain, units);
    return copies.length > 0 ? emitUnits(installed) : units;
  } catch (error) {
    if (!(error instanceof UnitError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    cannotUse(host, file, (error as Error).message);
    return {};
  }
}

/** What a config has. `undefined`, with a note, if it can't be read, or if root does not trust it. */
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

function cannotUse(host: Host, file: string, why: string): void {
  host.cannotSee(
    `${file} can't be used: ${why.split("\n")[0]}`,
    `cd ${shellWord(dirname(file))} && ${ownCommand()} units`,
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
