import { expect, it } from "vitest";
import { stateOf, type UnitState } from "./unit-state.ts";

const unit = (ActiveState: string, SubState = "", LoadState = "loaded"): UnitState => ({
  LoadState,
  ActiveState,
  SubState,
});
const listening = [unit("active", "listening")];

it.each([
  ["awake", [unit("active", "running")], listening],
  ["awake", [unit("reloading", "reload")], listening],
  ["asleep", [unit("inactive", "dead")], listening],
  ["starting", [unit("activating", "start")], listening],
  ["restarting", [unit("activating", "auto-restart")], listening],
  ["restarting", [unit("activating", "auto-restart-queued")], listening],
  ["draining", [unit("deactivating", "stop-sigterm")], listening],
  ["failed", [unit("failed", "failed")], listening],
  ["failed", [unit("inactive", "dead")], [unit("failed", "failed")]],
  ["stopped", [unit("inactive", "dead")], [unit("inactive", "dead")]],
  ["asleep", [unit("inactive", "dead")], [...listening, unit("inactive", "dead")]],
  ["not loaded", [unit("inactive", "dead", "not-found")], listening],
  ["not loaded", [unit("inactive", "dead")], [unit("inactive", "dead", "bad-setting")]],
  // A pair: what serves counts.
  ["awake", [unit("deactivating"), unit("active", "running")], listening],
  ["awake", [unit("failed"), unit("active", "running")], listening],
  ["starting", [unit("inactive"), unit("activating", "start")], listening],
  // Accept=yes, with no connection.
  ["asleep", [], listening],
])("is %s", (state, services, sockets) => {
  expect(stateOf(services, sockets)).toBe(state);
});
