import type { Style } from "../shared/colour.ts";
import type { ServiceState } from "../systemd/unit-state.ts";

/** The colour of each state. */
export const stateStyles: Record<ServiceState, Style> = {
  awake: "green",
  asleep: "blue",
  starting: "yellow",
  restarting: "yellow",
  draining: "yellow",
  failed: "red",
  stopped: "dim",
  "not loaded": "red",
};
