import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { invoker } from "../shared/invoker.ts";
import { distrustOf } from "../shared/trusted-path.ts";

const NAME = "@sockact/prove";

/** What this command uses of `@sockact/prove`. Its `Screen` has the same form. */
export interface ProveModule {
  runCommand(entry: string | undefined, options: object, screen: object): Promise<boolean>;
}

/**
 * Loads `@sockact/prove`: of the current folder, or else the one beside this package.
 *
 * Root runs its code. So if another user could have put it there, it is not loaded, unless this package is
 * there too.
 */
export async function loadProve(): Promise<ProveModule> {
  const [ofFolder, beside] = [join(process.cwd(), "_"), import.meta.url].map((place) =>
    attempt(() => createRequire(place).resolve(NAME)),
  );
  const file = ofFolder ?? beside;
  if (file === undefined)
    throw new CliError(
      "SOCKACT_ERR_PROVE_MISSING",
      `${NAME} is not installed`,
      `npm install --save-dev ${NAME}`,
      { exitCode: EXIT.notExamined },
    );
  const isForeign = process.getuid?.() === 0 && file !== beside;
  const distrust = isForeign ? await distrustOf(file, await invoker()) : undefined;
  if (distrust !== undefined)
    throw new CliError(
      "SOCKACT_ERR_PROVE_UNSAFE",
      `root does not run ${file}, since another user could change it: ${distrust.path}: ${distrust.why}`,
      distrust.fix,
      { exitCode: EXIT.failed },
    );
  return createRequire(import.meta.url)(file) as ProveModule;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
