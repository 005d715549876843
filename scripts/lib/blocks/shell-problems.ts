import { spawnSync } from "node:child_process";
import { systemdVersion } from "../../../packages/testing/src/systemd-version.ts";
import { innerCall, innerScript, type ShellCall, shellCallsOf } from "./shell-calls.ts";

/** What the commands of a page are checked against. */
export interface ShellFacts {
  /** The scripts of the package.json whose `npm run` a page shows. */
  readonly scripts: ReadonlySet<string>;
  /** The names of our packages on npm. */
  readonly packages: ReadonlySet<string>;
  /** The problem with the arguments of `sockact`, or `undefined`. */
  readonly sockactProblem: (args: readonly string[]) => string | undefined;
}

function npmProblem(args: readonly string[], { scripts, packages }: ShellFacts): string | undefined {
  const [verb, ...rest] = args.filter((arg) => !arg.startsWith("--prefix"));
  if (verb === "run" || verb === "test" || verb === "start") {
    const script = verb === "run" ? rest.find((arg) => !arg.startsWith("-")) : verb;
    return script === undefined || scripts.has(script) ? undefined : `package.json has no script ${script}`;
  }
  const ours = rest.map((arg) => /^(@?sockact[\w/-]*)(?:@|$)/.exec(arg)?.[1]);
  const wrong = ours.find((name) => name !== undefined && !packages.has(name));
  return wrong === undefined ? undefined : `${wrong} is not one of our packages`;
}

/** The program's own help, or `undefined` if the pages may know newer options than this systemd. */
const helpOf = memoized((program) =>
  (systemdVersion() ?? 0) < 257 ? undefined : spawnSync(program, ["--help"], { encoding: "utf8" }).stdout,
);

function memoized<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name) as T;
  };
}

function systemdProblem({ program, args }: ShellCall): string | undefined {
  const help = helpOf(program);
  if (!help) return undefined;
  const has = (pattern: string): boolean => new RegExp(`(?<![\\w-])${pattern}(?![\\w-])`).test(help);
  // After --, or after the command that it runs, the arguments belong to another program.
  const runs = /^systemd-(?:run|socket-activate|cat)$/.test(program);
  const end = args.findIndex(
    (arg, index) =>
      arg === "--" || (runs && !arg.startsWith("-") && !/^-(?:.|-\w[\w-]*)$/.test(args[index - 1] ?? "")),
  );
  const own = end === -1 ? args : args.slice(0, end);
  for (const arg of own.filter((text) => /^-[^\d]/.test(text))) {
    const option = arg.startsWith("--") ? arg.split("=")[0]! : arg.slice(0, 2);
    if (!has(option)) return `${program} has no option ${option}`;
  }
  const verb = own.find((arg, index) => !arg.startsWith("-") && !/^-[a-zA-Z]$/.test(own[index - 1] ?? ""));
  const hasVerbs = /^(?:systemctl|systemd-analyze|systemd-creds|loginctl)$/.test(program);
  if (verb === undefined || !hasVerbs || has(verb)) return undefined;
  return `${program} has no verb ${verb}`;
}

function callProblem(call: ShellCall, facts: ShellFacts): string | undefined {
  const inner = innerCall(call);
  const scoped = call.args.find((arg) => arg.startsWith("@sockact/"));
  if (call.program === "npx" && scoped) return `npx does not find ${scoped}: the command is sockact`;
  if (inner.program === "sockact") return facts.sockactProblem(inner.args);
  if (inner.program === "npm") return npmProblem(inner.args, facts);
  if (/^(?:systemctl|journalctl|loginctl|systemd-\w[\w-]*)$/.test(inner.program))
    return systemdProblem(inner);
  if (call.program === "$") return "leave out the prompt";
  return undefined;
}

/** The problems of the commands of a page. */
export function shellProblems(script: string, facts: ShellFacts): string[] {
  const { calls, errors } = shellCallsOf(script);
  const problems = calls.flatMap((call) => {
    const inner = innerScript(innerCall(call));
    if (inner !== undefined) return shellProblems(inner, facts);
    const problem = callProblem(call, facts);
    return problem === undefined ? [] : `${[call.program, ...call.args].join(" ")}: ${problem}`;
  });
  return [...errors.map((error) => `bash does not read it: ${error}`), ...problems];
}
