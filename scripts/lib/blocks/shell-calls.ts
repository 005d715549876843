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
  env: /^-u$/,
  time: /^$/,
  exec: /^$/,
};

/** The command that `sudo`, `npx` or `env` runs in the end. `viaNpx` is set when npx looks the program up. */
export function innerCall(call: ShellCall): ShellCall & { viaNpx?: boolean } {
  const takesValue = wrappers[call.program];
  if (takesValue === undefined) return call;
  let at = 0;
  while (at < call.args.length && /^-|^\w+=/.test(call.args[at]!))
    at += takesValue.test(call.args[at]!) ? 2 : 1;
  const [program, ...args] = call.args.slice(at);
  if (program === undefined) return call;
  return { ...innerCall({ program, args }), ...(call.program === "npx" && { viaNpx: true }) };
}
