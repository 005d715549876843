import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publicPackages, root } from "./lib/packages.ts";

interface Component {
  purl: string;
  licenses: { license: { id?: string; name?: string } }[];
  components?: Component[];
}

/** The name in a package URL. */
const nameOf = ({ purl }: Component): string => purl.replace(/^pkg:npm\/|@[^@]*$/g, "").replace("%40", "@");

describe("npm run sbom", { tags: "campaign" }, () => {
  let folder = "";
  const files = (run: string): string[] => {
    execFileSync("npm", ["run", "--silent", "sbom", "--", "--out", join(folder, run)], { cwd: root });
    return readdirSync(join(folder, run)).map((file) => readFileSync(join(folder, run, file), "utf8"));
  };
  let texts: string[] = [];
  let sboms: { metadata: { component: Component }; components: Component[] }[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sbom-"));
    texts = files("first");
    sboms = texts.map((text) => JSON.parse(text));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("says of each published package, and of no other, what npm installs with it, and whose code is in its files", () => {
    const contents = Object.fromEntries(
      sboms.map(({ metadata: { component }, components }) => [
        nameOf(component),
        [
          ...(component.components ?? []).map((each) => `contains ${nameOf(each)}`),
          ...components.map(nameOf),
        ],
      ]),
    );
    expect(Object.keys(contents).toSorted()).toEqual(
      publicPackages()
        .map(({ name }) => name)
        .toSorted(),
    );
    expect(contents).toMatchObject({
      "@sockact/core": ["contains @sockact/notify"],
      "@sockact/notify": [],
      "@sockact/units": [],
      "@sockact/express": ["@sockact/core"],
      "@sockact/fastify": ["@sockact/core"],
      "@sockact/koa": ["@sockact/core"],
      "@sockact/register": ["contains @sockact/core", "contains @sockact/notify"],
      sockact: expect.arrayContaining(["contains @sockact/core", "contains @sockact/units", "commander"]),
    });
  });

  it("names the licence of each package", () => {
    // The tools that @sockact/testing installs have several, all of which permit what MIT permits.
    const permissive = /^\(?(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|Zlib| AND )+\)?$/;
    for (const { metadata, components } of sboms)
      for (const component of [metadata.component, ...components]) {
        const [{ license }, ...others] = component.licenses as [(typeof component.licenses)[number]];
        const isOfTesting = nameOf(metadata.component) === "@sockact/testing";
        const expected = nameOf(component) === "diff" ? /^BSD-3-Clause$/ : /^MIT$/;
        expect(license.id ?? license.name).toMatch(isOfTesting ? permissive : expected);
        expect(others).toEqual([]);
      }
  });

  it("writes the same files again for the same commit", () => {
    expect(files("second")).toEqual(texts);
  });
});
