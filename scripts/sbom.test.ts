import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publicPackages, root } from "./lib/packages.ts";

const schemas = join(
  dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json")),
  "res/schema",
);

interface Component {
  name: string;
  group?: string;
  licenses: unknown;
  components?: Component[];
}

interface Sbom {
  metadata: { component: Component };
  components: Component[];
}

function readJson(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

async function writeSboms(folder: string): Promise<void> {
  await promisify(execFile)("npm", ["run", "--silent", "sbom", "--", "--out", folder], { cwd: root });
}

function nameOf({ name, group }: Component): string {
  return group === undefined ? name : `${group}/${name}`;
}

describe("npm run sbom", { tags: "campaign" }, () => {
  let folder = "";
  let sboms: Sbom[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sbom-"));
    await writeSboms(join(folder, "first"));
    sboms = readdirSync(join(folder, "first")).map((file) => readJson(folder, "first", file) as Sbom);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("writes a file for each package that is published, and for no other", () => {
    expect(sboms.map(({ metadata }) => nameOf(metadata.component)).toSorted()).toEqual(
      publicPackages()
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  it("writes what the schema of CycloneDX allows", () => {
    const ajv = new Ajv({
      strict: false,
      schemas: Object.fromEntries(
        ["spdx", "jsf-0.82", "cryptography-defs"].map((name) => [
          `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`,
          readJson(schemas, `${name}.SNAPSHOT.schema.json`) as object,
        ]),
      ),
      formats: { "idn-email": true, "iri-reference": true },
    });
    formats.default(ajv);
    const validate = ajv.compile(readJson(schemas, "bom-1.6.SNAPSHOT.schema.json") as object);
    for (const sbom of sboms) {
      validate(sbom);
      expect(validate.errors).toBeNull();
    }
    expect(validate({ ...sboms[0], components: [{ type: "library" }] })).toBe(false);
  });

  it("says what npm installs with a package, and whose code is in its files", () => {
    const contents = Object.fromEntries(
      sboms.map(({ metadata, components }) => [
        nameOf(metadata.component),
        [
          ...(metadata.component.components ?? []).map((bundled) => `contains ${nameOf(bundled)}`),
          ...components.map(nameOf),
        ],
      ]),
    );
    expect(contents).toMatchObject({
      "@sockact/core": ["contains @sockact/notify"],
      "@sockact/notify": [],
      "@sockact/units": [],
      "@sockact/express": ["@sockact/core"],
      "@sockact/fastify": ["@sockact/core"],
      "@sockact/koa": ["@sockact/core"],
      "@sockact/register": ["@sockact/core"],
    });
  });

  it("names the licence of each package", () => {
    for (const { metadata, components } of sboms) {
      for (const { name, licenses } of [metadata.component, ...components]) {
        expect(licenses).toEqual([{ license: { id: name === "diff" ? "BSD-3-Clause" : "MIT" } }]);
      }
    }
  });

  it("says that --out is a file", async () => {
    await expect(writeSboms(join(root, "package.json"))).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^--out \S+package\.json: the folder can't be made.*Name a folder(?![^]*\n +at )/,
      ) as string,
    });
  });

  it("writes the same files again for the same commit", async () => {
    await writeSboms(join(folder, "second"));
    for (const file of readdirSync(join(folder, "first"))) {
      expect(readFileSync(join(folder, "second", file))).toEqual(readFileSync(join(folder, "first", file)));
    }
  });
});
