import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { deadline } from "./deadline.ts";

it("comes although memory was collected meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const signal = deadline(50, new AbortController().signal);
  // What nothing holds is collected once the task that made it has ended.
  const timer = setInterval(collect, 5);
  try {
    await once(signal, "abort");
  } finally {
    clearInterval(timer);
  }
  expect(signal.reason).toMatchObject({ name: "TimeoutError" });
});
