import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { HostStatus } from "./host-status.ts";
import { hostsTable } from "./hosts-table.ts";

const now = new Date("2026-02-01T12:00:00Z");
const at = (days: number): string => new Date(now.getTime() + days * 86_400_000).toISOString();
const shop: HostStatus = {
  host: "shop.example.com",
  name: "shop",
  state: "asleep",
  drained: false,
  proxy: "caddy",
  file: "/etc/caddy/sockact/shop.caddy",
  certificate: { state: "valid", issuer: "Let's Encrypt", until: at(62.5) },
  connections: 0,
  awakeSince: null,
  lastVisit: at(-2),
};

it("fits into 80 columns, with the time that is left for each certificate", () => {
  const awake = { ...shop, state: "awake", awakeSince: at(-0.25), lastVisit: null } as const;
  const hosts: HostStatus[] = [
    { ...shop, host: `${"documentation-".repeat(4)}.example.com`, name: "documentation" },
    { ...awake, host: "blog.example.com", connections: 2 },
    { ...awake, drained: true, certificate: { ...shop.certificate, state: "expires", until: at(5) } },
    { ...awake, certificate: { ...shop.certificate, state: "expired", until: at(-3) } },
    { ...shop, lastVisit: null, certificate: { state: "http-only", issuer: null, until: null } },
  ];
  const lines = hostsTable(hosts, { width: 80, now }).trim().split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.map((line) => line.split(/ {2,}/).slice(2).join("|"))).toEqual([
    "STATE|LAST VISIT|CERTIFICATE",
    "asleep|2 d ago|62 d, Let's Enc…",
    "awake|now|62 d, Let's Enc…",
    "awake, drained|awake for 6 h|5 d, Let's Encr…",
    "awake|awake for 6 h|expired 3 d ago",
    "asleep|–|none, HTTP only",
  ]);
});

it("is what docs/hosts.md shows", async () => {
  const blog: HostStatus = { ...shop, host: "blog.example.com", name: "blog", state: "awake" };
  const hosts: HostStatus[] = [
    { ...blog, connections: 2, awakeSince: at(-0.25), lastVisit: null },
    shop,
    { ...shop, host: "www.example.com" },
    { ...blog, host: "wiki.example.com", name: "wiki", awakeSince: at(-0.01), lastVisit: null },
  ];
  await expect(hostsTable(hosts, { width: 80, now })).toMatchFileSnapshot(
    fileURLToPath(new URL("../../../../../docs/outputs/hosts.txt", import.meta.url)),
  );
});
