import { existsSync, realpathSync } from "node:fs";
import { liesIn } from "../shared/folders.ts";
import type { AccessProblem } from "../install/access/check-access.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { shellWord } from "../shared/shell-words.ts";
import { findUser } from "../shared/users.ts";
import type { WantedService } from "./services.ts";

/** Where a distribution, or Node's own packages, put a Node for all users. */
const systemNodes = ["/usr/bin/node", "/usr/local/bin/node"];

/** The error for a service that could not run Node or read its app, with the ways out that would work. */
export async function accessError(
  { description, folder, app }: WantedService,
  problems: readonly AccessProblem[],
): Promise<CliError> {
  const [first] = problems as [AccessProblem];
  const program = description.exec?.[0];
  const ways =
    first.path === program
      ? waysToNode(first.path, app !== undefined)
      : await waysToApp(first, folder, app !== undefined);
  const others = problems.slice(1, 4).map(({ path, reason }) => `  ${path}: ${reason}`);
  const more = problems.length > 4 ? [`  and ${problems.length - 4} more`] : [];
  return new CliError(
    "ERR_INSTALL_ACCESS",
    [`the service could not read ${first.path}: ${first.reason}`, ...others, ...more].join("\n"),
    ["Nothing was installed. Any of these helps:", ...ways.map((way) => `  ${way}`)].join("\n"),
    { exitCode: EXIT.failed },
  );
}

function waysToNode(program: string, hasOptions: boolean): string[] {
  const found = systemNodes.find((node) => node !== program && existsSync(node));
  return [
    ...(found === undefined
      ? ["Install Node for all users, from your distribution or https://nodejs.org/en/download"]
      : [`Use another Node: ${hasOptions ? `--node ${found}` : `exec: ["${found}", …]`}`]),
    ...(existsSync(program)
      ? [`Let all users run it: sudo chmod o+rx ${shellWord(realpathSync(program))}`]
      : []),
  ];
}

async function waysToApp(
  { path, barrier }: AccessProblem,
  folder: string,
  hasOptions: boolean,
): Promise<string[]> {
  if (barrier === undefined || barrier.isMissing)
    return [`Look whether it is right: ls -l ${shellWord(path)}`];
  const owner = barrier.uid === 0 ? undefined : await findUser(barrier.uid);
  const isInside = liesIn(folder, barrier.path);
  const chmod = isInside
    ? `sudo chmod -R o+rX ${shellWord(folder)}`
    : `sudo chmod o+x ${shellWord(barrier.path)}`;
  return [
    `Let all users of this machine read it: ${chmod}`,
    ...(owner === undefined
      ? []
      : [`Run it as ${owner.name}: ${hasOptions ? `--run-as ${owner.name}` : `user: "${owner.name}"`}`]),
    `Put the app where all may read it: sudo cp -r ${shellWord(folder)} /srv/`,
  ];
}
