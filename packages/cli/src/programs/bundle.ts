// Bundles an app, and writes the result as JSON to descriptor 3. A bundler reads the app's settings, and the
// app's own bundler is code of the app, so this program never does that as root. It loads sockact's own
// modules, and those fetched for it, before that: only root may read them, if root's npx installed them.
import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { build, type Bundler } from "../lib/bundle/build.ts";
import { BUNDLER, type BundleAnswer, type BundleRequest } from "../lib/bundle/bundle-app.ts";
import { answer } from "../lib/shared/ask-program.ts";
import { becomeUser } from "../lib/shared/become-user.ts";
import { distrustOfRoot } from "../lib/shared/trusted-path.ts";

const { entry, roots, from, user, fetchesAsRoot } = JSON.parse(process.argv[2] as string) as BundleRequest;

void run().then(answer, (error: unknown) =>
  answer({
    failure: {
      isFetched: from === undefined,
      message: error instanceof Error ? error.message : String(error),
    },
  } satisfies BundleAnswer),
);

async function run(): Promise<BundleAnswer> {
  const own = pathFrom(import.meta.url);
  const isRoots = own !== undefined && distrustOfRoot(own) === undefined;
  let bundler = isRoots || user === undefined ? await loaded(own) : undefined;
  if (own === undefined && from === undefined && fetchesAsRoot) bundler = await fetched();
  if (user !== undefined) becomeUser(user);
  process.chdir(dirname(entry));
  bundler ??= await loaded(own ?? (from && pathFrom(from)));
  return build(bundler ?? (await fetched()), { entry, roots });
}

/** The path of the bundler that a file would import, or undefined. */
function pathFrom(file: string): string | undefined {
  try {
    return createRequire(file).resolve("rolldown");
  } catch {
    return undefined;
  }
}

async function loaded(path: string | undefined): Promise<Bundler | undefined> {
  return path === undefined ? undefined : ((await import(pathToFileURL(path).href)) as Bundler);
}

/** The bundler in npm's cache. npm fetches it if it is missing. */
async function fetched(): Promise<Bundler> {
  const besideNode = join(dirname(process.execPath), "npm");
  const options = ["exec", "--yes", "--ignore-scripts", `--package=${BUNDLER}`, "-c", "command -v rolldown"];
  let output: string;
  try {
    output = execFileSync(process.platform === "linux" ? besideNode : "npm", options, {
      cwd: "/",
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const said = stderr?.split("\n").find((line) => /^npm (?:error|ERR!)/.test(line));
    throw new Error(said ?? message.split("\n")[0], { cause: error });
  }
  const program = realpathSync(output.trim().split("\n").at(-1)!);
  return (await loaded(pathFrom(program)))!;
}
