import { expect, it } from "vitest";
import { wayRound } from "./reach.ts";

it.each([
  ["/srv/private", "chmod o+x /srv/private"],
  // The home of a user stays closed to others.
  ["/home/alice", "systemctl edit --full shop.service"],
  ["/root", "systemctl edit --full shop.service"],
])("says how a service gets past the closed folder %s", (path, command) => {
  const obstacle = { kind: "closed", path, mode: "700", user: "shop" } as const;
  const { copy } = wayRound(obstacle, "shop.service", `${path}/shop`);
  expect(copy).toEqual([command]);
});
