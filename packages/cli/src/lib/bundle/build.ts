import { isBuiltin } from "node:module";
import { dirname, extname, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { InputOptions, OutputOptions, Plugin } from "rolldown";
import { liesIn } from "../shared/folders.ts";
import { moduleCode, type Obstacle, type SyntaxNode } from "./module-code.ts";
import {
  folderLoaders,
  installed,
  isModuleFile,
  isNative,
  packageFolderOf,
  packageNameOf,
  tracers,
  withDependencies,
} from "./packages.ts";

/** The functions of Rolldown that make a bundle. */
export interface Bundler {
  rolldown: (options: InputOptions) => Promise<{
    generate: (
      options: OutputOptions,
    ) => Promise<{ output: { type: string; code?: string; moduleIds?: string[] }[] }>;
    close: () => Promise<void>;
  }>;
}

export interface BuildRequest {
  /** The file that Node runs, a real path. */
  entry: string;
  /** The folders of all files of the app. */
  roots: readonly string[];
}

/** Why a package is not in the bundle: an {@link Obstacle}, a native addon, or a package that needs it. */
export type OutsideReason = Obstacle | "native" | "needed";

interface OutsidePackage {
  name: string;
  reason: OutsideReason;
}

/** Why an app can't be bundled. */
export type Refusal =
  /** The app's own code loads modules in a way that a bundle would change. */
  | { code: Obstacle; place: string }
  /** A package observes or changes how modules are loaded. */
  | { code: "tracer" | "folder-loader"; package: string }
  /** A file outside the app's folders. */
  | { code: "elsewhere"; path: string }
  /** All packages stay outside, so a bundle would not start faster. */
  | { code: "nothing" }
  /** The bundler has failed. */
  | { code: "build"; message: string };

/** The bundle of an app. */
export interface BuiltBundle {
  code: string;
  extension: ".cjs" | ".mjs";
  /** The files in it. */
  inputs: string[];
  outside: OutsidePackage[];
}

/**
 * Modules whose use of Node's `require` works in a bundle. Express loads the view engine that the app names,
 * and Fastify only searches the cache.
 */
const usesRequire: Record<string, RegExp> = {
  express: /\/lib\/view\.js$/,
  fastify: /\/lib\/plugin-utils\.js$/,
};

/** More passes than a chain of packages needs. */
const MOST_PASSES = 20;

/** Bundles an app. Packages that only work as separate files stay outside. */
export async function build(
  bundler: Bundler,
  request: BuildRequest,
): Promise<{ bundle: BuiltBundle } | { refusal: Refusal }> {
  const tracer = tracers.find((name) => installed(name, dirname(request.entry)));
  if (tracer !== undefined) return { refusal: { code: "tracer", package: tracer } };
  const outside = new Map<string, OutsideReason>();
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const known = outside.size;
    const found = new Pass(request, outside);
    try {
      // CommonJS runs in sloppy mode, which most packages expect.
      let made = await found.run(bundler, "cjs").catch((error: unknown) => error as Error);
      if (found.refusal !== undefined) return { refusal: found.refusal };
      if (outside.size > known) continue;
      // A module with a top-level `await` can't be CommonJS, and require() of an ES module differs from
      // import.
      if (made instanceof Error || found.importsModule) made = await found.run(bundler, "esm");
      if (found.refusal !== undefined) return { refusal: found.refusal };
      if (outside.size > known) continue;
      const { code, inputs, extension } = made;
      const isEmpty = found.used.size > 0 && !inputs.some((path) => packageFolderOf(path) !== undefined);
      if (isEmpty) return { refusal: { code: "nothing" } };
      const names = new Map([...found.used].map((folder) => [packageNameOf(folder), outside.get(folder)!]));
      const listed = [...names].map(([name, reason]) => ({ name, reason }));
      return { bundle: { code, inputs, extension, outside: listed } };
    } catch (error) {
      return { refusal: found.refusal ?? { code: "build", message: messageOf(error) } };
    }
  }
  return { refusal: { code: "build", message: "it does not end" } };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** One run of the bundler. Adds the packages that must stay outside. */
class Pass {
  refusal: Refusal | undefined;
  /** Whether bundled code imports an ES module outside the bundle. */
  importsModule = false;
  /** The packages outside the bundle that bundled code loads. */
  readonly used = new Set<string>();
  readonly #request: BuildRequest;
  readonly #outside: Map<string, OutsideReason>;

  constructor(request: BuildRequest, outside: Map<string, OutsideReason>) {
    this.#request = request;
    this.#outside = outside;
  }

  async run(bundler: Bundler, format: "cjs" | "esm"): Promise<BuiltBundle> {
    const { entry } = this.#request;
    const isTypeScript = /\.[mc]?tsx?$/.test(entry);
    const bundle = await bundler.rolldown({
      input: { bundle: entry },
      cwd: dirname(entry),
      platform: "node",
      // Node reads only this field.
      resolve: { mainFields: ["main"] },
      tsconfig: isTypeScript,
      // package.json lists modules that may be omitted, but Node runs them.
      treeshake: { moduleSideEffects: true },
      plugins: [this.#plugin(format)],
      onLog: () => {},
    });
    try {
      const { output } = await bundle.generate({
        format,
        codeSplitting: false,
        // Frameworks use the names of functions and classes.
        keepNames: true,
        // Modules such as dotenv/config must be imported first.
        strictExecutionOrder: true,
        comments: false,
        minify: false,
      });
      const [chunk] = output.filter(({ type }) => type === "chunk");
      const inputs = (chunk!.moduleIds ?? []).filter((id) => id.startsWith("/"));
      return { code: chunk!.code!, extension: format === "cjs" ? ".cjs" : ".mjs", inputs, outside: [] };
    } finally {
      await bundle.close();
    }
  }

  #plugin(format: "cjs" | "esm"): Plugin {
    // oxlint-disable-next-line typescript/no-this-alias
    const pass = this;
    return {
      name: "sockact",
      resolveId: {
        order: "pre",
        async handler(source, importer, { kind }) {
          if (isBuiltin(source)) return { id: source, external: true };
          if (importer === undefined) return undefined;
          const found = await this.resolve(source, importer, { kind, skipSelf: true });
          // The importing module gets Node's error, when it runs.
          if (found === null) return { id: source, external: true };
          const path = found.id;
          if (!path.startsWith("/")) return found;
          const folder = packageFolderOf(path);
          const isKept = extname(path) === ".node" || (folder !== undefined && pass.#staysOutside(folder));
          if (!isKept) return found;
          if (folder !== undefined) pass.used.add(folder);
          if (kind === "import-statement" && isModuleFile(path)) pass.importsModule = true;
          const isUrl = format === "esm" && kind !== "require-call";
          return { id: isUrl ? pathToFileURL(path).href : path, external: true };
        },
      },
      load: {
        handler(id) {
          const { roots } = pass.#request;
          if (id.startsWith("/") && !roots.some((root) => liesIn(root, id)))
            pass.refusal ??= { code: "elsewhere", path: id };
          return null;
        },
      },
      transform: {
        filter: { id: /^\/.*\.[mc]?[jt]sx?$/ },
        handler(code, id) {
          const { entry, roots } = pass.#request;
          const folder = packageFolderOf(id);
          const name = folder === undefined ? undefined : packageNameOf(folder);
          const lang = (/\.[mc]?([jt]sx?)$/.exec(id)?.[1] ?? "js") as "js" | "jsx" | "ts" | "tsx";
          const made = moduleCode(
            code,
            {
              path: id,
              isEntry: id === entry,
              mayRequire: name !== undefined && usesRequire[name]?.test(id) === true,
            },
            (text) => this.parse(text, { lang }) as unknown as SyntaxNode,
          );
          if (made.obstacle !== undefined) {
            const { kind, line } = made.obstacle;
            if (folder !== undefined) pass.#keepOutside(folder, kind);
            else {
              const root = roots.find((one) => liesIn(one, id)) ?? dirname(entry);
              pass.refusal ??= { code: kind, place: `${relative(root, id)}:${line}` };
            }
          }
          return made.code === code ? null : { code: made.code };
        },
      },
    };
  }

  #staysOutside(folder: string): boolean {
    if (this.#outside.has(folder)) return true;
    const name = packageNameOf(folder);
    if (folderLoaders.includes(name)) this.refusal ??= { code: "folder-loader", package: name };
    if (!isNative(folder)) return false;
    this.#keepOutside(folder, "native");
    return true;
  }

  #keepOutside(folder: string, reason: OutsideReason): void {
    const [own, ...others] = withDependencies(folder);
    this.#outside.set(own!, reason);
    for (const other of others) if (!this.#outside.has(other)) this.#outside.set(other, "needed");
  }
}
