import { forEachChild, parse, type SyntaxNode } from "unbash";

/** A command that a shell would run. */
export interface ShellCall {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * The commands of a script, including loops, substitutions and subshells, and the errors of the bash parser.
 */
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

const wrappers = /^(?:sudo|npx|watch|env|time|exec)$/;
const checked = /^(?:sockact|npm|systemctl|journalctl|loginctl|systemd-[\w-]+|bash|sh|ssh)$/;

/** The command that `sudo`, `npx`, `npm exec` or `env` finally runs, if it is one that is checked. */
export function innerCall({ program, args }: ShellCall): ShellCall {
  const isWrapper = wrappers.test(program) || (program === "npm" && args[0] === "exec");
  const words = [program, ...args].map((word) =>
    // npx takes a version too: sockact@latest.
    word.replace(/^.*\bnode_modules\/\.bin\//, "").replace(/^(sockact)@[\w.^~-]+$/, "$1"),
  );
  const at = isWrapper ? words.findIndex((word, index) => index > 0 && checked.test(word)) : 0;
  return at === -1 ? { program, args } : { program: words[at]!, args: args.slice(at) };
}

/** The script that `bash -c SCRIPT` or `ssh HOST SCRIPT` passes to a shell. */
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
