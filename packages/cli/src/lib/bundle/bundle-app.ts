import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { askProgram } from "../shared/ask-program.ts";
import type { TargetUser } from "../shared/become-user.ts";
import { clean } from "../shared/clean.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { execute } from "../shared/execute.ts";
import type { Invoker } from "../shared/invoker.ts";
import { distrustOf } from "../shared/trusted-path.ts";
import type { BuiltBundle, Refusal } from "./build.ts";
import { installed } from "./packages.ts";

/** The bundler that npm fetches if the app does not have one. */
export const BUNDLER = "rolldown@1.2.19";

/** The request to the bundling program. */
export interface BundleRequest {
  entry: string;
  roots: readonly string[];
  /** The file from which the app's bundler is resolved. */
  from?: string | undefined;
  /** The user to become before any file of the app is read. */
  user?: TargetUser | undefined;
  /** Whether to fetch the bundler before becoming that user, who has no home directory to store it. */
  fetchesAsRoot: boolean;
}

/** The answer of the bundling program. */
export type BundleAnswer =
  | { bundle: BuiltBundle }
  | { refusal: Refusal }
  /** No bundler was found. */
  | { failure: { isFetched: boolean; message: string } };

/** Most of this time is for fetching the bundler. */
const TIMEOUT_S = 300;
/** As JSON. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Bundles an app in a process without root privileges: as the user who called sudo, the owner of the app, or
 * nobody. Rejects with a `CliError` with `SOCKACT_ERR_BUNDLER` if there is no bundler.
 *
 * @param given the entry, by the path that Node gets
 * @param roots the folders of the app
 */
export async function bundleApp(
  given: string,
  roots: readonly string[],
  invoker: Invoker,
): Promise<{ bundle: BuiltBundle } | { refusal: Refusal }> {
  const entry = realpathSync(given);
  const user = await userFor([given, ...roots], invoker);
  const trusted = { ...invoker, ...user };
  const own = installed("rolldown", dirname(entry));
  const isUsable = own !== undefined && (await distrustOf(own, trusted)) === undefined;
  const asked = await askProgram({
    program: "bundle.cjs",
    request: {
      entry,
      roots,
      user,
      ...(isUsable && { from: entry }),
      fetchesAsRoot: user !== undefined && user.uid !== invoker.uid,
    } satisfies BundleRequest,
    user: invoker,
    seconds: TIMEOUT_S,
    mostBytes: MOST_BYTES,
  });
  if (!("answer" in asked)) {
    const said = { late: `it takes longer than ${TIMEOUT_S} s`, large: "the file has more than 64 MiB" };
    const message =
      asked.failure === "ended"
        ? `the bundler has ended: ${asked.how}`
        : asked.failure === "malformed"
          ? "the bundler has printed something else"
          : said[asked.failure];
    return { refusal: { code: "build", message } };
  }
  const answer = checked(asked.answer);
  if (!("failure" in answer)) return answer;
  const { isFetched, message } = answer.failure;
  throw new CliError(
    "SOCKACT_ERR_BUNDLER",
    isFetched
      ? `--bundle needs the bundler Rolldown, which the app does not have, and npm can't fetch it: ${clean(message)}`
      : `the Rolldown of the app can't be loaded: ${clean(message)}`,
    "Install it in the folder of the app: npm install --save-dev rolldown. Or leave --bundle out.",
    { exitCode: EXIT.failed },
  );
}

/**
 * Root becomes the user who called sudo, or else the owner of the app, or nobody if another user could
 * replace a file by a link to one that only that user may read. Other users stay themselves.
 */
async function userFor(paths: readonly string[], invoker: Invoker): Promise<TargetUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { isSudo, name, uid, gid } = invoker;
  const owner = statSync(paths[0]!).uid;
  const user = isSudo ? { name, uid, gid } : owner === 0 ? undefined : await userOf(String(owner));
  const distrusts = paths.map(async (path) => user && distrustOf(path, { ...invoker, ...user }));
  const isTrusted = (await Promise.all(distrusts)).every((distrust) => distrust === undefined);
  if (user !== undefined && isTrusted) return user;
  const nobody = await userOf("nobody");
  if (nobody !== undefined) return nobody;
  throw new CliError(
    "SOCKACT_ERR_INVOKER",
    "root does not bundle an app, and the user database has no user nobody",
    "Run it with sudo as the owner of the app.",
    { exitCode: EXIT.failed },
  );
}

async function userOf(key: string): Promise<TargetUser | undefined> {
  const { stdout } = await execute("getent", ["passwd", "--", key]);
  const [name = "", , uid = "", gid = ""] = stdout.trim().split(":");
  return name === "" ? undefined : { name, uid: Number(uid), gid: Number(gid) };
}

/** Checks the answer, because the app's own bundler runs in that process. */
function checked(value: unknown): BundleAnswer {
  const { bundle, refusal, failure } = Object(value) as Record<string, Record<string, unknown> | undefined>;
  const isText = (one: unknown) => typeof one === "string";
  const isList = (one: unknown, test: (item: unknown) => boolean) => Array.isArray(one) && one.every(test);
  const isOutside = (one: unknown) => isText(Object(one).name) && isText(Object(one).reason);
  if (
    (bundle !== undefined &&
      isText(bundle["code"]) &&
      /^\.[cm]js$/.test(String(bundle["extension"])) &&
      isList(bundle["inputs"], isText) &&
      isList(bundle["outside"], isOutside)) ||
    isText(refusal?.["code"]) ||
    isText(failure?.["message"])
  )
    return value as BundleAnswer;
  return { refusal: { code: "build", message: "the bundler has printed something else" } };
}
