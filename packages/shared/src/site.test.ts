import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { site } from "./site.ts";

it("the docs site is on GitHub Pages, at the address that follows from the repository in the root package.json", () => {
  const manifest = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { repository } = JSON.parse(manifest) as { repository: { url: string } };
  const [, owner, name] = /github\.com\/([^/]+)\/(.+?)\.git$/.exec(repository.url)!;
  expect(site).toBe(`https://${owner}.github.io/${name}/`);
});
