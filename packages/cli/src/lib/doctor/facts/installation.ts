import { type Manifest, readManifest } from "../../install/transaction.ts";
import { CliError } from "../../shared/cli-error.ts";
import { sudoCommand } from "../../shared/own-command.ts";
import { shellWord } from "../../shared/shell-words.ts";
import type { Subject } from "../model/subject.ts";

/** The manifest of this service, if `sockact install` has installed it. */
export async function installation({ host, name }: Subject): Promise<Manifest | undefined> {
  try {
    return readManifest({ user: host.manager.user, root: "/" }, name);
  } catch (error) {
    if (!(error instanceof CliError) && (error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    host.cannotSee(
      `The record of what sockact installed for ${name} can't be read: ${(error as Error).message}`,
      `${sudoCommand()} doctor ${shellWord(name)}`,
    );
    return undefined;
  }
}
