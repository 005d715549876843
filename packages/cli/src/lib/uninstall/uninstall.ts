import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import {
  applyUninstall,
  type PreparedUninstall,
  prepareUninstall,
  type UninstallStep,
} from "../install/install.ts";
import { interruptible } from "../install-app/interruptible.ts";
import { askWhether } from "../output/ask.ts";
import { print } from "../output/print.ts";
import { EXIT } from "../shared/cli-error.ts";
import { shellText } from "../shared/shell-words.ts";

export interface UninstallOptions {
  user?: boolean;
  root?: string;
  yes?: boolean;
  dryRun?: boolean;
  purge?: boolean;
}

/** `sockact uninstall NAME`. Resolves to the exit code. */
export async function uninstall(name: string, options: UninstallOptions): Promise<number> {
  const { user = false, yes = false, dryRun = false, purge = false } = options;
  const place = { user, root: resolve(options.root ?? "/") };
  const prepared = await prepareUninstall(place, name, purge);
  if (dryRun || !yes) print(describe(prepared));
  if (dryRun) {
    print("Nothing was changed: --dry-run.\n");
    return 0;
  }
  if (!yes && !(await askWhether({ message: `Uninstall ${name}?`, option: "--yes" }))) {
    print("Nothing was changed.\n");
    return EXIT.failed;
  }
  const done = await interruptible(`Stopping ${name}`, async (shown, signal) => {
    const onStep = (step: UninstallStep) => {
      const text = describeStep(step);
      if (text !== undefined) shown.update(text);
    };
    const result = await applyUninstall(prepared, { onStep, signal });
    shown.done();
    return result;
  });
  const data = done.kept.filter(({ isData }) => isData).map(({ path }) => path);
  const remove = shellText(["rm", "-r", ...new Set(data.flatMap((path) => [path, realpathSync(path)]))]);
  const hint = data.length === 0 ? [] : [`To remove the data: ${user ? "" : "sudo "}${remove}`];
  // Without a question, nothing has been shown yet.
  const files = yes ? describeRemoved(done) : [];
  const removed = files.length > 0 ? ["Removed:", ...files] : [];
  print([`Uninstalled ${name}.`, ...removed, ...describeKept(done), ...hint, ""].join("\n"));
  return 0;
}

const contents = { state: "the data of the service", cache: "its cache", logs: "its log files" } as const;

function describe(prepared: PreparedUninstall): string {
  const { place, units, manifest } = prepared;
  if (manifest === undefined) return "An earlier call was killed halfway. Its changes are undone.\n";
  const running = place.root === "/" ? units.filter((unit) => !unit.includes("@.")) : [];
  const lines = [
    ...(running.length > 0 ? ["Stops:", ...running.map((unit) => `  ${unit}`)] : []),
    "Removes:",
    ...describeRemoved(prepared),
    ...describeKept(prepared),
    ...(prepared.kept.some(({ isData }) => isData) ? ["To remove the data too: --purge"] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function describeRemoved({ files, madeFiles, cleanedFolders }: PreparedUninstall): string[] {
  return [
    ...[...files, ...madeFiles].map((path) => `  ${path}`),
    ...cleanedFolders.map(({ kind, path, isEmpty }) => `  ${path} (${isEmpty ? "empty" : contents[kind]})`),
  ];
}

function describeKept({ kept }: PreparedUninstall): string[] {
  return kept.length === 0 ? [] : ["Stays:", ...kept.map(({ path, why }) => `  ${path}: ${why}`)];
}

function describeStep(step: UninstallStep): string | undefined {
  switch (step.type) {
    case "waiting":
      return "Waiting for another sockact install or uninstall";
    case "recovered":
      return "Undid the changes of an earlier call that was killed";
    case "stopped":
      return "Removing its files";
    default:
      return undefined;
  }
}
