import { processState } from "./process-state.ts";

/** Where records go. A process that was not passed the journal's socket loads nothing for them. */
export const journal = processState("journal", {
  /** The descriptor named `journal`. `primary`: the primary of this worker of node:cluster writes them. */
  fd: undefined as number | "primary" | undefined,
});
