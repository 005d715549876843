import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { execute } from "../shared/execute.ts";
import { withPatience } from "./patience.ts";

const hang = (signal: AbortSignal | undefined) => execute("sleep", ["60"], { signal });

it("gives up a question that systemd does not answer", async () => {
  await expect(withPatience("show", hang, { limit: 50 })).rejects.toMatchObject({
    code: "SOCKACT_ERR_SYSTEMCTL",
    message: "systemd has not answered systemctl show for 0.05 s",
  });
});

it("ends at once when it is interrupted, and leaves a job its time", async () => {
  const stop = new AbortController();
  const asked = withPatience("show", hang, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
  expect(await withPatience("restart", async (signal) => delay(100, "done", { signal }), { limit: 10 })).toBe(
    "done",
  );
});
