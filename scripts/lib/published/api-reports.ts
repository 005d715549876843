import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  ExtractorMessageCategory,
} from "@microsoft/api-extractor";
import type { Package } from "../packages.ts";

/** An entry point that has types. */
interface EntryPoint {
  readonly package: Package;
  /** The name of its report: `core.adapter` for `@sockact/core/adapter`. */
  readonly name: string;
  readonly types: string;
}

/**
 * The exports of each entry point, by the name of the report's file, from the published types. A type without
 * `export` is in the report too if an exported type names it, because users depend on it.
 */
export function apiReports(repository: string, packages: readonly Package[]): Map<string, string> {
  // API Extractor writes files. Leftovers of a killed run in this folder do no harm.
  const folder = join(repository, "node_modules/.cache/sockact/api");
  try {
    const entryPoints = packages.flatMap(entryPointsOf);
    const configs = entryPoints.map((entryPoint) => configOf(entryPoint, folder));
    const [first, ...others] = configs;
    if (first === undefined) return new Map();
    // TypeScript reads all of them at once: @types/node is most of its work.
    const compilerState = CompilerState.create(first, {
      additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
    });
    for (const config of configs)
      Extractor.invoke(config, { compilerState, localBuild: true, messageCallback: failAtProblem });
    return new Map(
      configs.map(({ reportFilePath }) => [
        reportFilePath.slice(folder.length + 1),
        readFileSync(reportFilePath, "utf8"),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function entryPointsOf(published: Package): EntryPoint[] {
  return Object.entries(published.manifest.exports ?? {}).flatMap(([path, conditions]) => {
    const types = filesOf(conditions).find((file) => file.endsWith(".d.cts"));
    if (types === undefined) return [];
    if (!existsSync(join(published.path, types)))
      throw new Error(`${published.name} has no file ${types}. Run npm run build.`);
    const name = [basename(published.path), ...path.split("/").slice(1)].join(".");
    return [{ package: published, name, types: join(published.path, types) }];
  });
}

/** Every file that the conditions of an entry point resolve to. */
function filesOf(conditions: unknown): string[] {
  return typeof conditions === "string" ? [conditions] : Object.values(Object(conditions)).flatMap(filesOf);
}

function configOf({ package: { path }, name, types }: EntryPoint, folder: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: path,
      mainEntryPointFilePath: types,
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: "NodeNext",
            target: "ES2023",
            lib: ["ES2023"],
            types: ["node"],
            strict: true,
            // The tests of consumers check the types themselves.
            skipLibCheck: true,
          },
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: folder,
        reportTempFolder: join(folder, "temporary"),
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          // Everything that is exported is public.
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
          // In the report, these types have no `export`.
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.None },
          // Editors follow a link to a member of an imported class.
          "ae-unresolved-link": { logLevel: ExtractorLogLevel.None },
        },
        // The TSDoc is for editors, which are less strict than TSDoc's own parser.
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(path, "package.json"),
  });
}

/** Any other message is an error in the types. Messages about the report file are left out of the console. */
function failAtProblem(message: ExtractorMessage): void {
  message.handled = true;
  if (message.category === ExtractorMessageCategory.Console) return;
  if (message.logLevel !== ExtractorLogLevel.Error && message.logLevel !== ExtractorLogLevel.Warning) return;
  const { messageId, text, sourceFilePath, sourceFileLine } = message;
  throw new Error(`${sourceFilePath}:${sourceFileLine}: ${text} (${messageId})`);
}
