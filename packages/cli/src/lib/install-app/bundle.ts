import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AppDescription } from "@sockact/units";
import { appFolders } from "../app/app-folders.ts";
import { packageFolder } from "../app/manifest.ts";
import { isTypeScript, stripsTypes } from "../app/entry.ts";
import { findNode } from "../app/find-node.ts";
import { entryOf } from "../app/source-files.ts";
import type { BuiltBundle } from "../bundle/build.ts";
import { bundleApp } from "../bundle/bundle-app.ts";
import { bundleFiles, emptyLoader, LOADER } from "../bundle/files.ts";
import { packageFolderOf } from "../bundle/packages.ts";
import { type Fallback, fallbackText, outsideText } from "../bundle/reasons.ts";
import { type BundleRecord, type ExtraFile, filesFolder } from "../install/install.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { stranger } from "../shared/permissions.ts";
import { barrierTo } from "./access/modes.ts";
import type { WantedBundle } from "./wanted-service.ts";

/** A bundle, or why there is none. */
export type MadeBundle = WantedBundle & ({ built: BuiltBundle } | { fallback: Fallback });

/**
 * The description with the loader of the bundle, which exists even if nothing was bundled, so the units are
 * always the same.
 */
export function withBundle(description: AppDescription): {
  description: AppDescription;
  bundle?: WantedBundle;
} {
  const { name, manager, exec = [] } = description;
  if (description.bundle !== true) return { description };
  const entry = entryOf(exec);
  const at = exec.findLastIndex((word) => word === entry);
  const isNode = typeof exec[0] === "string" && /\/node(?:js)?\d*$/.test(exec[0]);
  if (entry === undefined || !isNode)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      `${name} can't be bundled: its command is not Node with a file`,
      'Write the command as exec: ["node", "./server.js"], or leave bundle out.',
    );
  const loader = join(filesFolder({ name, user: manager === "user" }), LOADER);
  // The bundle of TypeScript is JavaScript.
  const [before, preloads] = withoutCompiler(exec.slice(0, at));
  const isNeeded = isTypeScript(entry) && preloads.length === 0 && !stripsTypes(findNode(exec[0] as string));
  return {
    description: { ...description, exec: [...before, "--require", loader, ...exec.slice(at)] },
    bundle: { entry, preloads, ...(isNeeded && { isNeeded }) },
  };
}

type Words = NonNullable<AppDescription["exec"]>;

function withoutCompiler(words: Words): [words: Words, preloads: string[]] {
  const at = words.findIndex((word, index) => word === "--import" && words[index + 1] === "tsx");
  return at === -1 ? [words, []] : [words.toSpliced(at, 2), ["tsx"]];
}

/**
 * Bundles an app. No code of the app runs as root. Rejects with a `CliError` with `SOCKACT_ERR_APP_BUILD` if
 * it can't be bundled but must be.
 */
export async function makeBundle(
  wanted: WantedBundle,
  isUsers: boolean,
  invoker: Invoker,
): Promise<MadeBundle> {
  const made = await tryToBundle(wanted, isUsers, invoker);
  if (!("fallback" in made) || wanted.isNeeded !== true) return made;
  throw new CliError(
    "SOCKACT_ERR_APP_BUILD",
    `${wanted.entry} is TypeScript, and can't be bundled: ${fallbackText(made.fallback)} (${made.fallback.code})`,
    "Build it first, for example: npx tsc. Then name the built file.",
    { exitCode: EXIT.failed },
  );
}

async function tryToBundle(wanted: WantedBundle, isUsers: boolean, invoker: Invoker): Promise<MadeBundle> {
  let entry: string;
  try {
    entry = realpathSync(wanted.entry);
  } catch (error) {
    return { ...wanted, fallback: { code: "build", message: (error as Error).message } };
  }
  const { roots } = appFolders(packageFolder(dirname(entry)), entry);
  const made = await bundleApp(wanted.entry, roots, invoker);
  if ("refusal" in made) return { ...wanted, fallback: made.refusal };
  const path = isUsers ? undefined : await closedIn(made.bundle.inputs);
  if (path !== undefined) return { ...wanted, fallback: { code: "closed", path } };
  return { ...wanted, built: made.bundle };
}

/** The first file that not every user may read. */
async function closedIn(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await barrierTo(path, stranger)) return path;
  return undefined;
}

/** The files and the record of the bundle. */
export function filesOfBundle(
  service: { name: string; user: boolean },
  made: MadeBundle,
): { files: ExtraFile[]; record: BundleRecord } {
  const { entry, preloads, isNeeded } = made;
  const files =
    "built" in made
      ? bundleFiles(realpathSync(entry), made.built)
      : { [LOADER]: emptyLoader(entry, preloads) };
  return {
    files: Object.entries(files).map(([name, text]) => ({
      path: join(filesFolder(service), name),
      text,
      mode: service.user ? 0o600 : 0o644,
    })),
    record: {
      entry,
      preloads,
      ...(isNeeded && { isNeeded }),
      ...("built" in made ? contentOf(made.built) : fallbackOf(made.fallback)),
    },
  };
}

function contentOf({ inputs, outside }: BuiltBundle): Partial<BundleRecord> {
  const sources = inputs.filter((path) => packageFolderOf(path) === undefined);
  return { modules: inputs.length, sources, outside };
}

const fallbackOf = (fallback: Fallback): Partial<BundleRecord> => ({
  fallback: { code: fallback.code, reason: fallbackText(fallback) },
});

/** Whether a file of the service belongs to the bundle. */
export const isOfBundle = (path: string): boolean => /\/files\/bundle(?:-[\da-f]+)?\.[cm]js$/.test(path);

/** What a bundle contains, or why there is none, as text. */
export function bundleText({ fallback, modules = 0, outside = [] }: BundleRecord): string {
  if (fallback !== undefined) return `none: ${fallback.reason} (${fallback.code})`;
  const own = outside.filter(({ reason }) => reason !== "needed");
  const listed = own.map(
    ({ name, reason }) => `${name}, which ${outsideText[reason as keyof typeof outsideText] ?? reason}`,
  );
  return [`${modules} modules in one file`, ...(own.length > 0 ? [`without ${listed.join("; ")}`] : [])].join(
    ", ",
  );
}
