import type { TestTagDefinition } from "vitest/config";

/**
 * The tiers of the tests. A test without a tag is quick: it needs no service manager. TESTING.md describes
 * the tiers.
 */
export const tiers: TestTagDefinition[] = [
  { name: "systemd", description: "Boots a service manager of its own. Needs root and systemd." },
  {
    name: "campaign",
    description: "Many random cases, kills and restarts, and what others have made. Not in `npm test`.",
    timeout: 900_000,
  },
];
