import { expect, it } from "vitest";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { startError } from "./failure.ts";

it("names a unit in the hint even if all units run in the end", async () => {
  const manager = {
    user: false,
    systemctl: "systemctl",
    show: async (units: readonly string[]) => units.map(() => ({ ActiveState: "active" })),
  } as unknown as ServiceManager;
  const { hint } = await startError(manager, ["shop.socket", "shop.service"], 0, new Error("no"));
  expect(hint).toBe("See more: journalctl --unit=shop.socket");
});
