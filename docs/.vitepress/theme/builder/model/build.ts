import { emitUnits, explain, type Explanation, type Finding } from "@sockact/units";
import type { BuilderState } from "./state.ts";

/** One line of a unit file. */
export interface BuiltLine {
  readonly text: string;
  readonly section?: string;
  readonly directive?: string;
  /** Why the line is there. */
  readonly explanation?: Explanation;
  /** What the linter says of this line. */
  readonly findings: readonly Finding[];
}

/** One unit file. */
export interface BuiltFile {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly BuiltLine[];
}

/** A value of the form with which there are no units. */
export interface FieldProblem {
  /** The place in the state: `app`, `sockets[1].listen`. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Everything that the page shows for a state. */
export interface Built {
  /** The unit files. Empty if there are problems. */
  readonly files: readonly BuiltFile[];
  readonly problems: readonly FieldProblem[];
  readonly findings: readonly Finding[];
  /** The directives that could confine the service more, and are not written. */
  readonly leftOut: readonly Explanation[];
  /** What `systemd-analyze security` says of the service. */
  readonly score: { readonly value: number; readonly word: string } | undefined;
  /** The app's code. A program that is not Node has none. */
  readonly code: { readonly file: string; readonly language: "js" | "ts"; readonly text: string } | undefined;
  readonly config: { readonly file: "sockact.config.js"; readonly text: string };
  /** The lines that install the units. */
  readonly shell: { readonly byHand: string; readonly withSockact: string };
}

/** Builds everything for a state. Never throws. */
export function build(state: BuilderState): Built {
  const description = {
    name: state.app,
    exec: [state.runtime, state.script],
    sockets: [{ listen: state.sockets[0]!.listen }],
  };
  const explanations = explain(description);
  return {
    files: Object.entries(emitUnits(description)).map(([name, text]) => ({
      name,
      text,
      lines: text.split("\n").map((line) => ({ text: line, findings: [] })),
    })),
    problems: [],
    findings: [],
    leftOut: explanations.filter(({ status }) => status === "left out"),
    score: { value: 1.1, word: "OK" },
    code: { file: "server.js", language: "js", text: "" },
    config: { file: "sockact.config.js", text: "" },
    shell: { byHand: "", withSockact: "" },
  };
}
