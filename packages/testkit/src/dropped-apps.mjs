// Finds out whether the garbage collector frees an app without references. Plain JavaScript, because Node
// runs it directly.
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";

const COUNT = 200;

/** Makes apps, drops the references, and reports how many are still in memory. */
export async function dropped(makeApp) {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc");
  const apps = Array.from({ length: COUNT }, () => new WeakRef(makeApp()));
  for (let turn = 0; turn < 5; turn++) {
    await turnOfTheLoop();
    collect();
  }
  return { made: COUNT, alive: apps.filter((app) => app.deref() !== undefined).length };
}
