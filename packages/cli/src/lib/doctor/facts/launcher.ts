import { basename } from "node:path";
import type { Subject } from "../model/subject.ts";
import { type ServiceProcess, processes } from "./processes.ts";

/** A tool that systemd has started, and that runs the app as a child. */
export interface Launcher {
  /** Its name for people: `npm`, `nodemon`, `node --watch`, `sh`. */
  name: string;
  process: ServiceProcess;
  /** The app. `undefined` if it does not run now. */
  app: ServiceProcess | undefined;
}

const tools =
  /^(?:npm|npx|yarn|yarnpkg|pnpm|pnpx|bunx|corepack|nodemon|node-dev|pm2|pm2-runtime|forever|tsx|ts-node-dev|tsnd|cross-env|cross-env-shell|concurrently|dotenvx?|doppler|infisical|turbo|nx|lerna|vite-node|fnm|volta)$/;
const shells = /^(?:sh|bash|dash|ash|zsh|ksh|fish|busybox)$/;

/** The tool that systemd runs in place of the app. `undefined` if systemd runs the app itself. */
export async function launcher(subject: Subject): Promise<Launcher | undefined> {
  const all = await subject.get(processes);
  const main = all.find(({ isMain }) => isMain);
  const name = main && launcherName(main);
  return main === undefined || name === undefined
    ? undefined
    : { name, process: main, app: appOf(main, all) };
}

function launcherName({ words, program }: ServiceProcess): string | undefined {
  const [first = "", ...rest] = words;
  // npm and others write a title over their command line: `npm start`, all in one word.
  const title = basename(first.split(" ")[0] ?? "");
  if (tools.test(title)) return title;
  if (shells.test(title)) return title;
  if (basename(program || first) !== "node") return undefined;
  const at = rest.findIndex((word) => !word.startsWith("-"));
  const options = at < 0 ? rest : rest.slice(0, at);
  const watch = options.find((option) => /^--(?:watch|watch-path|run)(?:=|$)/.test(option));
  if (watch !== undefined) return `node ${watch.replace(/=.*/s, "")}`;
  // The tool is the package that the script belongs to, or the script's own name.
  const script = rest[at] ?? "";
  const owner = /.*node_modules\/(?:\.bin\/)?(?:@[^/]+\/)?([^/]+)/.exec(script)?.[1] ?? "";
  return [owner.replace(/-cli$/, ""), basename(script).replace(/(?:-cli)?\.[cm]?js$/, "")].find((each) =>
    tools.test(each),
  );
}

/** The Node at the end of the chain of children. Launchers may start launchers. */
function appOf(parent: ServiceProcess, all: readonly ServiceProcess[]): ServiceProcess | undefined {
  for (const child of all.filter((each) => each.parent === parent.pid)) {
    const below = appOf(child, all);
    if (below) return below;
    if (/^(?:node|bun|deno)$/.test(basename(child.program)) && launcherName(child) === undefined)
      return child;
  }
  return undefined;
}
