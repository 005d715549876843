import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("runs where there is no Node: it imports nothing but its own files", () => {
  const seen = new Set<string>();
  const visit = (url: URL) => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, specifier] of readFileSync(url, "utf8").matchAll(
      /(?:from|import)\s*\(?\s*["']([^"']+)["']/g,
    )) {
      expect(specifier).toMatch(/^\.\.?\/[\w/-]+\.ts$/);
      visit(new URL(specifier!, url));
    }
  };
  visit(new URL("index.ts", import.meta.url));
  expect(seen.size).toBeGreaterThan(10);
});
