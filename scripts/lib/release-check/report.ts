import Table from "cli-table3";
import type { PublishedPackage } from "./registry.ts";
import type { Result } from "./try-consumers.ts";

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
const table = (head: string[], rows: string[][]): string => {
  const made = new Table({ head, style: { head: [], border: [], compact: true } });
  made.push(...rows);
  return made.toString();
};

/** The published packages, and the number of consumers that have used them. */
export function packagesTable(packages: readonly PublishedPackage[], results: readonly Result[]): string {
  const head = ["package", "version", "packed", "unpacked", "dependencies", "consumers"];
  return table(
    head,
    packages.map(({ name, version, size, unpackedSize, dependencies }) => {
      const uses = results.filter(({ consumer }) => consumer.packages.includes(name));
      // An adapter installs core.
      const users =
        name === "@sockact/core" ? results.filter(({ consumer }) => usesCore(consumer.packages)) : uses;
      const passed = users.filter(({ error }) => error === undefined).length;
      const count = passed === users.length ? String(passed) : `${passed} of ${users.length}`;
      return [
        name,
        version,
        kilobytes(size),
        kilobytes(unpackedSize),
        dependencies.join(" ") || "none",
        count,
      ];
    }),
  );
}

const usesCore = (packages: readonly string[]): boolean =>
  packages.some((name) => /^@sockact\/(core|express|koa|fastify|register)$/.test(name));

/** Each consumer, with its result. */
export function consumersTable(results: readonly Result[]): string {
  return table(
    ["consumer", "result"],
    results.map(({ consumer, error }) => [consumer.title, error === undefined ? "served" : "FAILED"]),
  );
}
