import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../../packages/testkit/src/app-process.ts";
import { installWhenChanged } from "../../../packages/testkit/src/install-when-changed.ts";
import { nodeOfMajor } from "../node-of-major.mjs";
import { runProgram } from "./run-program.ts";

const tools = fileURLToPath(new URL("../../../packages/testkit/registry", import.meta.url));

/** The file of a tool that is installed beside the registry. */
export const toolFile = (path: string): string => join(tools, "node_modules", path);

/** A package in the registry. */
export interface PublishedPackage {
  name: string;
  version: string;
  dependencies: string[];
  /** In bytes. */
  packedSize: number;
  unpackedSize: number;
}

export interface Registry extends AsyncDisposable {
  url: string;
  /** The environment in which every package manager uses this registry alone, and writes nothing outside of the folder of this run. */
  env: Record<string, string | undefined>;
  /** The names of all that was published to it. */
  names(): string[];
  /** The latest version of a package. */
  latest(name: string): Promise<PublishedPackage>;
}

/** Installs what serves the registry, and the package managers. */
export const installTools = (): Promise<void> => installWhenChanged(tools);

/** Starts an empty registry, which gets what is not published to it from the registry that the user has configured. */
export async function startRegistry(folder: string): Promise<Registry> {
  const uplink = (await runProgram(["npm", "config", "get", "registry"], { cwd: tools })).trim();
  const storage = join(folder, "registry");
  mkdirSync(storage, { recursive: true });
  const env = { NODE_EXTRA_CA_CERTS: process.env["NODE_EXTRA_CA_CERTS"] };
  const server = startProcess([nodeOfMajor("22"), join(tools, "serve.mjs"), storage, uplink], {
    cwd: storage,
    env,
  });
  const { url } = await server.event<{ url: string }>("listening");
  return {
    url,
    env: environment(folder, url),
    names: () => {
      const { list } = JSON.parse(readFileSync(join(storage, "storage/.verdaccio-db.json"), "utf8")) as {
        list: string[];
      };
      return list.sort();
    },
    async latest(name) {
      const response = await fetch(`${url}${name}/latest`);
      const { version, dependencies, dist } = (await response.json()) as {
        version: string;
        dependencies?: Record<string, string>;
        dist: { tarball: string; unpackedSize: number };
      };
      const tarball = await (await fetch(dist.tarball)).arrayBuffer();
      return {
        name,
        version,
        dependencies: Object.entries(dependencies ?? {}).map((each) => each.join("@")),
        packedSize: tarball.byteLength,
        unpackedSize: dist.unpackedSize,
      };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A home of its own hides the settings, tokens and caches of the user. */
function environment(folder: string, url: string): Registry["env"] {
  const home = join(folder, "home");
  const temporary = join(folder, "tmp");
  for (const each of [home, temporary]) mkdirSync(each);
  // npm publishes nothing without a token, and the registry takes any.
  writeFileSync(
    join(home, ".npmrc"),
    `registry=${url}\n${url.replace("http:", "")}:_authToken=none\nupdate-notifier=false\n`,
  );
  const hidden = Object.keys(process.env).filter((name) =>
    /^(CI$|npm_|pnpm_|yarn_|xdg_|NPM_TOKEN|ACTIONS_ID_TOKEN|GITHUB_ACTIONS)/i.test(name),
  );
  return {
    ...Object.fromEntries(hidden.map((name) => [name, undefined])),
    HOME: home,
    TMPDIR: temporary,
    // changesets reads this one, and no file.
    npm_config_registry: url,
    TURBO_TELEMETRY_DISABLED: "1",
    YARN_ENABLE_TELEMETRY: "0",
  };
}
