import { sentence } from "@sockact/shared/texts";
import { existsSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import type { AppDescription, UnitFile } from "@sockact/units";
import { unwritableHint, unwritableIn } from "../../shared/folder-owner.ts";
import { type Account, stranger } from "../../shared/permissions.ts";
import { findUser } from "../../shared/users.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { appFolders } from "../../app/app-folders.ts";
import { type Barrier, barrierTo } from "./modes.ts";
import { type Closed, probe, type Wanted } from "./probe.ts";

/** A file or folder that the service needs and can't access. */
export interface AccessProblem {
  /** The file or folder that the service needs. */
  path: string;
  /** The reason, as a sentence without a full stop. */
  reason: string;
  /** The folder or file in the path that is closed to the service's user. Its mode could be changed. */
  barrier?: Barrier;
  /** Whether the service is meant to write there. */
  isWritten?: true;
  /**
   * The exit status with which systemd reports that it can't set up the user or sandbox. The path is not the
   * problem.
   */
  setup?: number;
}

export interface AccessReport {
  problems: AccessProblem[];
  /** Possible problems, in sentences. */
  notes: string[];
}

export interface AccessRequest {
  description: AppDescription;
  /** The service unit. */
  service: UnitFile;
  /** The app's folder, if it is known. */
  folder: string | undefined;
  /** Files and folders that are bind-mounted into the service (BindReadOnlyPaths=). */
  bound?: readonly string[] | undefined;
  /** Files that the app does not read itself. */
  unread?: readonly string[] | undefined;
  /** The file of variables that the app or Node reads itself, and how to let systemd read it. */
  envFile?: { path: string; how: string } | undefined;
  /** Runs the check in systemd. Without it, only the modes of files and folders are checked. */
  manager: ServiceManager | undefined;
}

/** Checks whether the service, with its user and sandbox, can run Node and read the app and its packages. */
export async function checkAccess(request: AccessRequest): Promise<AccessReport> {
  const { description, service, folder, bound = [], unread = [], envFile, manager } = request;
  const [program, ...words] = (description.exec ?? []).filter((word) => typeof word === "string");
  const failed = (reason: string, setup?: number): AccessReport => ({
    problems: [{ path: program!, reason, ...(setup !== undefined && { setup }) }],
    notes: [],
  });
  if (program === undefined || !program.startsWith("/")) return { problems: [], notes: [] };
  if (!existsSync(program)) return failed("it does not exist");
  const written = (description.readWritePaths ?? []).filter(
    (path): path is string => typeof path === "string" && path.startsWith("/"),
  );
  const wanted = {
    written,
    ...wantedBy(words, description.workingDirectory, folder),
    useful: envFile === undefined ? [] : [envFile.path],
  };
  const account = await accountOf(description);
  const byModes = async (path: string, fallback: string): Promise<AccessProblem> => {
    const barrier = await barrierTo(path, account, path === program ? 5 : 4, bound);
    return barrier === undefined
      ? { path, reason: fallback }
      : { path, reason: sentenceOf(path, barrier), barrier };
  };
  const isNode = /^node(?:js)?\d*$/.test(basename(realpathSync(program)));
  if (manager === undefined || !isNode) {
    const problems = await Promise.all([program, ...wanted.paths].map((path) => byModes(path, "")));
    const isEnvFileClosed = envFile && (await barrierTo(envFile.path, account, 4, bound)) !== undefined;
    return {
      problems: problems.filter(({ reason }) => reason !== ""),
      notes: [
        ...(isEnvFileClosed ? [noteOnEnvFile(envFile)] : []),
        // The groups of the unit are not known here.
        ...(description.group === undefined && description.supplementaryGroups === undefined
          ? await notesOnUnwritable(written, description, account)
          : []),
      ],
    };
  }
  // systemd can't set up the sandbox then.
  const absent = written.find((path) => !existsSync(path));
  if (absent !== undefined)
    return { problems: [{ path: absent, reason: "it does not exist", isWritten: true }], notes: [] };
  const found = await probe(manager, service, program, wanted);
  switch (found.outcome) {
    case "no-node": {
      const hidden = "the sandbox hides it, or it is built for another machine";
      return { problems: [await byModes(program, hidden)], notes: [] };
    }
    case "old-node":
      return failed(found.reason);
    case "refused": {
      const { status, reason } = found;
      const message = `systemd can't set up the service's user or sandbox (exit status ${status})`;
      return failed(`${message}${reason && `: ${reason}`}`, status);
    }
    case "unknown": {
      const reason = found.reason || "systemd-run failed";
      return {
        problems: [],
        notes: [`Whether the service can read the app was not checked: ${sentence(reason)}`],
      };
    }
    case "seen": {
      const reasonOf = ({ path, code }: Closed) =>
        code !== "ENOENT" ? code : existsSync(path) ? "the sandbox hides it" : "it does not exist";
      // npm leaves a broken link for an optional package, which the app does not need.
      const closed = found.seen.closed.filter(
        ({ path, code }) => code !== "ENOENT" || existsSync(path) || wanted.paths.includes(path),
      );
      const files = found.seen.closedFiles.map(({ path }) => path);
      return {
        problems: await Promise.all(closed.map((one) => byModes(one.path, reasonOf(one)))),
        notes: [
          ...(envFile && files.includes(envFile.path) ? [noteOnEnvFile(envFile)] : []),
          ...(await notesOnUnwritable(
            found.seen.unwritable.map(({ path }) => path),
            description,
            account,
          )),
          ...notesOn(files.filter((path) => path !== envFile?.path && !unread.includes(path))),
        ],
      };
    }
  }
}

function wantedBy(
  words: readonly string[],
  workingDirectory: AppDescription["workingDirectory"],
  folder: string | undefined,
): Omit<Wanted, "useful" | "written"> {
  const files = words.map((word) => word.replace(/^--?[\w-]+=/, "")).filter((word) => word.startsWith("/"));
  const existing = files.filter((file) => existsSync(file));
  // Node's options come first, so the last file is probably the app.
  const entry = existing.at(-1);
  const manifest = folder === undefined ? [] : [folder, join(folder, "package.json")];
  const directory = typeof workingDirectory === "string" ? [workingDirectory] : [];
  return {
    paths: [...new Set([...existing, ...directory, ...manifest.filter((path) => existsSync(path))])],
    folder,
    packages:
      entry === undefined || folder === undefined ? [] : appFolders(folder, realpathSync(entry)).packages,
  };
}

async function accountOf({ user }: AppDescription): Promise<Account> {
  const found = typeof user === "string" ? await findUser(user) : undefined;
  return found ?? stranger;
}

function sentenceOf(path: string, { path: at, mode, isMissing }: Barrier): string {
  if (isMissing) return at === path ? "it does not exist" : `${at} does not exist`;
  const what = mode.startsWith("d") ? "folder" : "file";
  return at === path
    ? `the user of the service may not use this ${what} (${mode})`
    : `the user of the service may not enter the folder ${at} (${mode})`;
}

function noteOnEnvFile({ path, how }: { path: string; how: string }): string {
  return `The app reads ${path}, and the service's user can't: its variables will be missing. Let systemd read the file, as root: ${how}`;
}

/** The app may need to write only to folders in them, so these are notes. */
async function notesOnUnwritable(
  folders: readonly string[],
  { user }: AppDescription,
  account: Account,
): Promise<string[]> {
  if (typeof user !== "string") return [];
  const closed = await Promise.all(folders.map((path) => unwritableIn(path, account)));
  return closed.flatMap((each) =>
    each === undefined
      ? []
      : [`The service can't write to a folder of readWritePaths. ${unwritableHint(each, user)}`],
  );
}

function notesOn(files: readonly string[]): string[] {
  if (files.length === 0) return [];
  const shown = files.slice(0, 3).join(", ");
  const more = files.length > 3 ? ` and ${files.length - 3} more` : "";
  return [
    `The service can't read ${shown}${more}. If the app needs them: chmod o+r. Use --environment-file for a file of variables: systemd reads it as root.`,
  ];
}
