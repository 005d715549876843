import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { AppDescription } from "@sockact/units";
import { type Account, stranger } from "../../shared/permissions.ts";
import { findUser } from "../../shared/users.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { appFolders } from "../../app/app-folders.ts";
import { type Barrier, barrierTo } from "./modes.ts";
import { type Closed, probe, type Wanted } from "./probe.ts";

/** Something without which the service does not start, and that it can't reach. */
export interface AccessProblem {
  /** The file or folder that the service needs. */
  path: string;
  /** Why it can't have it, as a sentence without a full stop. */
  reason: string;
  /** The folder or file on the way that is closed to the service's user. Its modes could be changed. */
  barrier?: Barrier;
  /** The exit status by which systemd says that it can't set up the service's user or sandbox. The path is not what is wrong. */
  setup?: number;
}

export interface AccessReport {
  problems: AccessProblem[];
  /** What may or may not matter, as sentences. */
  notes: string[];
  /** The version of the Node that the service runs, if it was run. */
  node: string | undefined;
}

export interface AccessRequest {
  description: AppDescription;
  /** The contents of the service unit. */
  service: string;
  /** The app's folder, if it is known. */
  folder: string | undefined;
  /** Files and folders that the service sees in the place of the real ones (BindReadOnlyPaths=). */
  bound?: readonly string[] | undefined;
  /** Files that the app does not read itself. */
  unread?: readonly string[] | undefined;
  /** The file of variables that the app, or Node, reads itself, and how to let systemd read it. */
  envFile?: { path: string; how: string } | undefined;
  /** Asks systemd to look; without it, the modes of files and folders are all that is known. */
  manager: ServiceManager | undefined;
}

/** Finds out whether the service can run Node, and read the app and its packages, as its user and in its sandbox. */
export async function checkAccess({
  description,
  service,
  folder,
  bound = [],
  unread = [],
  envFile,
  manager,
}: AccessRequest): Promise<AccessReport> {
  const [program, ...words] = (description.exec ?? []).flatMap((word) =>
    typeof word === "string" ? [word] : [],
  );
  if (program === undefined || !program.startsWith("/")) return { problems: [], notes: [], node: undefined };
  if (!existsSync(program))
    return { problems: [{ path: program, reason: "it does not exist" }], notes: [], node: undefined };
  const wanted = {
    ...wantedBy(words, description.workingDirectory, folder),
    useful: envFile === undefined ? [] : [envFile.path],
  };
  const account = await accountOf(description);
  const byModes = async (problem: { path: string; fallback: string }): Promise<AccessProblem> => {
    const barrier = await barrierTo(problem.path, account, problem.path === program ? 5 : 4, bound);
    return barrier === undefined
      ? { path: problem.path, reason: problem.fallback }
      : { path: problem.path, reason: sentenceOf(problem.path, barrier), barrier };
  };

  if (manager === undefined) {
    const barriers = await Promise.all(
      [program, ...wanted.paths].map(async (path) => byModes({ path, fallback: "" })),
    );
    const isEnvFileClosed =
      envFile !== undefined && (await barrierTo(envFile.path, account, 4, bound)) !== undefined;
    return {
      problems: barriers.filter(({ reason }) => reason !== ""),
      notes: isEnvFileClosed ? [noteOnEnvFile(envFile)] : [],
      node: undefined,
    };
  }
  const isNode = /^node(?:js)?\d*$/.test(realpathSync(program).split("/").at(-1) as string);
  if (!isNode) return checkAccess({ description, service, folder, bound, envFile, manager: undefined });
  const found = await probe(manager, service, program, wanted);
  switch (found.outcome) {
    case "no-node":
      return {
        problems: [
          await byModes({
            path: program,
            fallback: "the sandbox hides it, or it is built for another machine",
          }),
        ],
        notes: [],
        node: undefined,
      };
    case "old-node":
      return { problems: [{ path: program, reason: found.reason }], notes: [], node: undefined };
    case "refused":
      return {
        problems: [
          {
            path: program,
            reason: `systemd can't set up the service's user or sandbox (exit status ${found.status})${found.reason && `: ${found.reason}`}`,
            setup: found.status,
          },
        ],
        notes: [],
        node: undefined,
      };
    case "unknown":
      return {
        problems: [],
        notes: [
          `Whether the service can read the app was not checked: ${found.reason || "systemd-run failed"}.`,
        ],
        node: undefined,
      };
    case "seen": {
      const { closedFiles, node } = found.seen;
      const reasonOf = ({ path, code }: Closed) =>
        code !== "ENOENT" ? code : existsSync(path) ? "the sandbox hides it" : "it does not exist";
      // npm leaves a dangling link for an optional package. The app does not need it.
      const closed = found.seen.closed.filter(
        ({ path, code }) => code !== "ENOENT" || existsSync(path) || wanted.paths.includes(path),
      );
      return {
        problems: await Promise.all(
          closed.map(async (one) => byModes({ path: one.path, fallback: reasonOf(one) })),
        ),
        notes: [
          ...(envFile !== undefined && closedFiles.some(({ path }) => path === envFile.path)
            ? [noteOnEnvFile(envFile)]
            : []),
          ...notesOn(
            closedFiles
              .map(({ path }) => path)
              .filter((path) => path !== envFile?.path && !unread.includes(path)),
          ),
        ],
        node,
      };
    }
  }
}

function wantedBy(
  words: readonly string[],
  workingDirectory: AppDescription["workingDirectory"],
  folder: string | undefined,
): Omit<Wanted, "useful"> {
  const files = words.map((word) => word.replace(/^--?[\w-]+=/, "")).filter((word) => word.startsWith("/"));
  const existing = files.filter((file) => existsSync(file));
  // Node's own options come first, so the last file is most likely the app.
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

function notesOn(files: readonly string[]): string[] {
  if (files.length === 0) return [];
  const shown = files.slice(0, 3).join(", ");
  const more = files.length > 3 ? ` and ${files.length - 3} more` : "";
  return [
    `The service can't read ${shown}${more}. If the app needs them: chmod o+r. Use --environment-file for a file of variables: systemd reads it as root.`,
  ];
}
