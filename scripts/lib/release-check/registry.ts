import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../../packages/testing/src/app-process.ts";
import { installWhenChanged } from "../../../packages/testkit/src/install-when-changed.ts";
import { nodeBinary } from "../node-binary.ts";
import { runProgram } from "./run-program.ts";

const tools = fileURLToPath(new URL("../../../packages/testkit/registry", import.meta.url));

/** The file of a tool that is installed beside the registry. */
export const toolFile = (path: string): string => join(tools, "node_modules", path);

export interface Registry extends AsyncDisposable {
  url: string;
  /**
   * The environment in which every package manager uses only this registry, and writes only to the folder of
   * this run.
   */
  env: Record<string, string | undefined>;
  /** The names of all packages that were published to it. */
  names(): string[];
}

/** Installs the registry and the package managers. */
export const installTools = (): Promise<void> => installWhenChanged(tools);

/**
 * Starts an empty registry. Packages that are not published to it come from the registry that the user has
 * configured.
 *
 * @param published the packages that are published to it
 */
export async function startRegistry(folder: string, published: readonly string[]): Promise<Registry> {
  const uplink = (await runProgram(["npm", "config", "get", "registry"], { cwd: tools })).trim();
  const storage = join(folder, "registry");
  mkdirSync(storage, { recursive: true });
  const server = startProcess([nodeBinary("22"), join(tools, "serve.mjs"), storage, uplink], {
    cwd: storage,
    env: { NODE_EXTRA_CA_CERTS: process.env["NODE_EXTRA_CA_CERTS"] },
  });
  const { url } = await server.event<{ url: string }>("listening");
  const env = environmentFor(url, { folder, published });
  return {
    url,
    env,
    names: () => {
      const { list } = JSON.parse(readFileSync(join(storage, "storage/.verdaccio-db.json"), "utf8")) as {
        list: string[];
      };
      return list.sort();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/**
 * The settings of npm that name the registry of these packages: one for each scope, and one for those without
 * a scope.
 */
export function registrySettings(packages: readonly string[]): string[] {
  const scopes = packages.filter((name) => name.startsWith("@")).map((name) => name.split("/")[0]);
  return ["registry", ...new Set(scopes.map((scope) => `${scope}:registry`))];
}

/**
 * A separate home hides the settings, tokens and caches of the user. An empty file hides the settings of the
 * machine.
 */
export function environmentFor(
  url: string,
  { folder, published }: { folder: string; published: readonly string[] },
): Registry["env"] {
  const home = join(folder, "home");
  const temporary = join(folder, "tmp");
  for (const each of [home, temporary]) mkdirSync(each);
  // npm publishes nothing without a token. The registry accepts any.
  writeFileSync(
    join(home, ".npmrc"),
    `registry=${url}\n${url.replace("http:", "")}:_authToken=none\nupdate-notifier=false\n`,
  );
  const global = join(folder, "global-npmrc");
  writeFileSync(global, "");
  const hidden = Object.keys(process.env).filter((name) =>
    /^(CI$|npm_|pnpm_|yarn_|xdg_|NPM_TOKEN|ACTIONS_ID_TOKEN|GITHUB_ACTIONS)/i.test(name),
  );
  return {
    ...Object.fromEntries(hidden.map((name) => [name, undefined])),
    HOME: home,
    TMPDIR: temporary,
    npm_config_globalconfig: global,
    // changesets reads these variables, and no file. They override npm's files.
    ...Object.fromEntries(registrySettings(published).map((setting) => [`npm_config_${setting}`, url])),
    TURBO_TELEMETRY_DISABLED: "1",
    YARN_ENABLE_TELEMETRY: "0",
  };
}
