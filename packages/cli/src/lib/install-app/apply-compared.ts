import { type Applied, type BundleRecord, prepareInstall, type PreparedInstall } from "../install/install.ts";
import type { Fallback } from "../bundle/reasons.ts";
import { CliError } from "../shared/cli-error.ts";
import { filesOfBundle, isOfBundle, type MadeBundle } from "./bundle.ts";
import { differenceOf } from "./compare.ts";
import type { Answer } from "./first-request.ts";

interface Comparison {
  /** Including the files of the bundle. */
  prepared: PreparedInstall;
  bundle: MadeBundle;
  force: boolean;
  /** Sends requests to the service, and reads the pages. */
  ask: () => Promise<Answer[]>;
  /** What the service has logged since then. */
  output: (since: number) => Promise<string[]>;
  /** Installs, then calls the check. If it rejects, undoes everything. */
  apply: (prepared: PreparedInstall, check: () => Promise<void>) => Promise<Applied>;
}

/** What was installed in the end. */
interface Compared {
  applied: Applied;
  answers: Answer[];
  bundle: BundleRecord | undefined;
}

/** Ends the installation of a bundle, which is then undone. */
class Unlike extends Error {}

/**
 * Installs an app without a bundle, then with it. If the bundle does not start or answers differently, the
 * app stays without it.
 */
export async function applyCompared(comparison: Comparison): Promise<Compared> {
  const { prepared, bundle, force, ask, output, apply } = comparison;
  const { plan } = prepared;
  const isInstalled = prepared.files.every(({ state }) => state === "same");
  let answers: Answer[] = [];
  const check = async () => {
    answers = await ask();
  };
  if (isInstalled) {
    const applied = await apply(prepared, check);
    return { applied, answers, bundle: plan.bundle };
  }
  const without = async (fallback: Fallback) => {
    const { entry, preloads } = bundle;
    const { files, record } = filesOfBundle(plan, { entry, preloads, fallback });
    const kept = plan.extraFiles.filter(({ path }) => !isOfBundle(path));
    return prepareInstall({ ...plan, extraFiles: [...kept, ...files], bundle: record }, force);
  };
  const pages: Answer[][] = [];
  const plain = await apply(await without({ code: "untried" }), async () => {
    await check();
    pages.push(answers);
    if (answers.every(({ outcome }) => outcome === "http")) pages.push(await ask());
  });
  const fallBack = async (fallback: Fallback) => {
    const last = await without(fallback);
    await apply(last, async () => {});
    return { applied: plain, answers: pages[0]!, bundle: last.plan.bundle };
  };
  const isSilent = ({ outcome }: Answer) => outcome !== "http" && outcome !== "other";
  if (pages[0]!.length === 0 || pages[0]!.some(isSilent)) return fallBack({ code: "silent" });
  const since = Date.now();
  let fallback: Fallback | undefined;
  try {
    const { backups } = await apply(await prepareInstall(plan, force), async () => {
      await check();
      const difference = differenceOf(pages, answers);
      if (difference === undefined) return;
      fallback = { code: "answer", difference };
      throw new Unlike(difference);
    });
    const applied = { changed: true, backups: [...plain.backups, ...backups] };
    return { applied, answers, bundle: plan.bundle };
  } catch (error) {
    if (error instanceof CliError && error.code === "SOCKACT_ERR_INSTALL_START")
      fallback ??= { code: "start", message: errorIn(await output(since)) };
    if (fallback === undefined) throw error;
    return fallBack(fallback);
  }
}

/** The line with the error of the app or Node. */
function errorIn(journal: readonly string[]): string {
  return journal.find((line) => /(?:^|[\s:])\w*Error\b.*:/.test(line))?.trim() ?? "see its journal";
}
