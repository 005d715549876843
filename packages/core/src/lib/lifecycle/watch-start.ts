import process from "node:process";
import { isVariableSet } from "../shared/environment-options.ts";
import { once } from "../shared/process-state.ts";
import { isBun, isDeno } from "../shared/runtime.ts";
import { answerWaiting } from "./answer-waiting.ts";

// An app behind a proxy may fail before it calls a function of sockact.
if (isVariableSet("trustProxy") && !isBun && !isDeno) once("watch the start", watchStart);

function watchStart(): void {
  process.once("exit", (status) => {
    try {
      if (status !== 0) answerWaiting(status);
    } catch {
      // The process ends with its own error. Its clients wait for the next process.
    }
  });
}
