import { basename } from "node:path";
import { forEachChild, parse, type SyntaxNode } from "unbash";

/** A command that a shell would run. */
export interface ShellCall {
  readonly program: string;
  readonly args: readonly string[];
}

/** The commands of a script, with those in loops, substitutions and subshells, and what the parser of bash complains of. */
export function shellCallsOf(script: string): { calls: ShellCall[]; errors: string[] } {
  const calls: ShellCall[] = [];
  const errors: string[] = [];
  const visit = (node: SyntaxNode): void => {
    if ("errors" in node) errors.push(...(node.errors ?? []).map(({ message }) => message));
    if (node.type === "Command" && node.name !== undefined) {
      const args = node.args.map((arg) => (arg.type === "Word" ? arg.value : arg.text));
      calls.push({ program: node.name.value, args });
    }
    forEachChild(node, visit);
  };
  visit(parse(script));
  return { calls, errors };
}

/** Programs that run another one, with the options of theirs that take a value. */
const wrappers: Readonly<Record<string, RegExp>> = {
  sudo: /^(?:-u|-g|--user|--group)$/,
  npx: /^(?:-p|--package|-c)$/,
  watch: /^-[nq]$/,
  env: /^-u$/,
  time: /^$/,
  exec: /^$/,
};

/** The command that `sudo`, `npx` or `env` runs in the end. `viaNpx` is set when npx looks the program up. */
export function innerCall(call: ShellCall): ShellCall & { viaNpx?: boolean } {
  if (call.program.includes("/node_modules/.bin/") || call.program.startsWith("node_modules/.bin/"))
    return { program: basename(call.program), args: call.args };
  if (call.program === "npm" && call.args[0] === "exec")
    return innerCall({ program: "npx", args: call.args.slice(1).filter((arg) => arg !== "--") });
  const takesValue = wrappers[call.program];
  if (takesValue === undefined) return call;
  let at = 0;
  while (at < call.args.length && /^-|^\w+=/.test(call.args[at]!))
    at += takesValue.test(call.args[at]!) ? 2 : 1;
  const [name, ...args] = call.args.slice(at);
  if (name === undefined) return call;
  // npx takes a version too: sockact@latest.
  const program = call.program === "npx" ? name.replace(/(?<=.)@[\w.^~-]+$/, "") : name;
  return { ...innerCall({ program, args }), ...(call.program === "npx" && { viaNpx: true }) };
}

/** The script that a shell, on this host or another one, gets as text: of `bash -c SCRIPT` and `ssh HOST SCRIPT`. */
export function innerScript({ program, args }: ShellCall): string | undefined {
  if (program === "bash" || program === "sh") {
    const at = args.findIndex((arg) => /^-\w*c$/.test(arg));
    return at === -1 ? undefined : args[at + 1];
  }
  if (program !== "ssh") return undefined;
  const host = args.findIndex(
    (arg, index) => !arg.startsWith("-") && !/^-[ilopJF]$/.test(args[index - 1] ?? ""),
  );
  return args.slice(host + 1).join(" ") || undefined;
}
