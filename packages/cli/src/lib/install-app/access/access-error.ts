import { existsSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import type { AppDescription } from "@sockact/units";
import { isInHome, liesIn } from "../../shared/folders.ts";
import type { AccessProblem } from "./check-access.ts";
import { CliError, EXIT } from "../../shared/cli-error.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { createUserCommand, findUser } from "../../shared/users.ts";
import { type MissingFile, missingFilesText } from "../../systemd/start-files.ts";
import type { WantedService } from "../wanted-service.ts";

/** The paths of a Node for all users, from distributions or Node's own packages. */
const systemNodes = ["/usr/bin/node", "/usr/local/bin/node"];

/** The error for a service that can't run Node or read its app, with fixes that would work. */
export async function accessError(
  { description, folder, app, bound }: WantedService,
  problems: readonly AccessProblem[],
): Promise<CliError> {
  const [first] = problems as [AccessProblem];
  if (first.setup !== undefined) return setupError(description, first.reason, first.setup);
  if (first.isWritten) return writtenError(description, first);
  const program = description.exec?.[0];
  const ways =
    first.path === program
      ? waysToNode(first.path, app !== undefined)
      : await waysToApp(first, folder, app !== undefined);
  // Only a service with a separate user gets bind mounts for a home directory.
  if (isInHome(first.path) && bound.length === 0 && typeof description.user === "string")
    ways.push(
      `Leave out ${app === undefined ? "user" : "--run-as"}. The service then runs as a separate user, which sees what it needs of the home`,
    );
  const others = problems.slice(1, 4).map(({ path, reason }) => `  ${path}: ${reason}`);
  const more = problems.length > 4 ? [`  and ${problems.length - 4} more`] : [];
  return new CliError(
    "SOCKACT_ERR_INSTALL_ACCESS",
    [`the service could not read ${first.path}: ${first.reason}`, ...others, ...more].join("\n"),
    [
      `Nothing was installed. ${ways.length === 1 ? "This helps" : "Any of these helps"}:`,
      ...ways.map((way) => `  ${way}`),
    ].join("\n"),
    { exitCode: EXIT.failed },
  );
}

/** The error for a folder of `readWritePaths` that does not exist. */
function writtenError({ user }: AppDescription, { path, reason }: AccessProblem): CliError {
  const owner = typeof user === "string" ? ` -o ${shellWord(user)}` : "";
  return new CliError(
    "SOCKACT_ERR_INSTALL_ACCESS",
    `the service could not write to ${path} of readWritePaths: ${reason}`,
    `Nothing was installed. Create it: sudo install -d${owner} ${shellWord(path)}`,
    { exitCode: EXIT.failed },
  );
}

/**
 * systemd.exec(5), "Process Exit Codes": 216 is the group, 217 the user, and the others are for the sandbox.
 */
function setupError({ user, group }: AppDescription, reason: string, status: number): CliError {
  const who = status === 216 ? group : status === 217 ? user : undefined;
  return new CliError(
    "SOCKACT_ERR_INSTALL_ACCESS",
    typeof who === "string" ? `the service can't run as ${who}: ${reason}` : reason,
    status === 216 || status === 217
      ? "Nothing was installed. Check that the user and the group exist: getent passwd, getent group"
      : "Nothing was installed. Check that each folder in the unit exists: add --dry-run to see the unit.",
    { exitCode: EXIT.failed },
  );
}

/** The error for a user that does not exist. */
export async function userError(
  { user }: AppDescription,
  hasOptions: boolean,
): Promise<CliError | undefined> {
  if (typeof user !== "string" || (await findUser(user)) !== undefined) return undefined;
  return new CliError(
    "SOCKACT_ERR_INSTALL_ACCESS",
    `the user ${user} does not exist`,
    `Create it first: sudo ${createUserCommand(user)}. Without ${hasOptions ? "--run-as" : "the field user"}, systemd creates a user for the service.`,
    { exitCode: EXIT.failed },
  );
}

/** The error for files that systemd reads before it starts the service. */
export const missingFilesError = (files: readonly MissingFile[]): CliError =>
  new CliError(
    "SOCKACT_ERR_INSTALL_ACCESS",
    `the service could not start: ${missingFilesText(files)}`,
    "Nothing was changed. Put the file there, or correct its path.",
    { exitCode: EXIT.failed },
  );

/** The note about such files when nothing starts now. */
export const missingFilesNote = (files: readonly MissingFile[]): string =>
  `The service can't start yet: ${missingFilesText(files)}.`;

function waysToNode(program: string, hasOptions: boolean): string[] {
  const found = systemNodes.find((node) => node !== program && existsSync(node));
  return [
    ...(found === undefined
      ? ["Install Node for all users, from your distribution or https://nodejs.org/en/download"]
      : [`Use another Node: ${hasOptions ? `--node ${found}` : `exec: ["${found}", …]`}`]),
    // Modes of files in /root do not help: others can't enter the folder.
    ...(existsSync(program) && !liesIn("/root", realpathSync(program))
      ? [`Let all users run it: sudo chmod o+rx ${shellWord(realpathSync(program))}`]
      : []),
  ];
}

async function waysToApp(
  { path, barrier }: AccessProblem,
  folder: string,
  hasOptions: boolean,
): Promise<string[]> {
  if (barrier === undefined || barrier.isMissing) return [`Check the path: ls -l ${shellWord(path)}`];
  const owner = barrier.uid === 0 ? undefined : await findUser(barrier.uid);
  const copy = join("/srv", basename(folder));
  const secrets = existsSync(join(folder, ".env")) ? " (also its .env)" : "";
  const isInside = liesIn(folder, barrier.path);
  const chmod = isInside
    ? `sudo chmod -R o+rX ${shellWord(folder)}`
    : `sudo chmod o+x ${shellWord(barrier.path)}`;
  return [
    ...(barrier.path === "/root" ? [] : [`Let all users of this machine read it${secrets}: ${chmod}`]),
    ...(owner === undefined
      ? []
      : [`Run it as ${owner.name}: ${hasOptions ? `--run-as ${owner.name}` : `user: "${owner.name}"`}`]),
    ...(["/srv", "/opt", "/var/www"].some((usual) => liesIn(usual, folder))
      ? []
      : [
          `Copy it to a folder that all users may read${secrets}: sudo cp -r ${shellWord(folder)} /srv/ && sudo chmod -R o+rX ${shellWord(copy)}`,
        ]),
  ];
}
