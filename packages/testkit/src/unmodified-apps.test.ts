import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emitUnits } from "../../units/src/index.ts";
import { folderOf } from "./install-unmodified-app.ts";
import { unmodifiedApps } from "./unmodified-apps.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/apps.md"), "utf8");
/** The socket that the page shows once for all apps. */
const commonSocket = unitsIn(page).find((unit) => unit.startsWith("# node-red.socket\n")) ?? "";

/** The unit files in a Markdown text, some of which are in a list. */
function unitsIn(text: string): string[] {
  return Array.from(text.matchAll(/^( *)```ini\n([^]*?)\n *```/gm), ([, indent = "", unit = ""]) =>
    unit.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

describe.each(unmodifiedApps)("docs/apps.md, $title", (app) => {
  test("has the units that are tested", () => {
    const description = app.describe({
      node: "/usr/bin/node",
      folder: `/srv/${app.folder.replace("apps/", "").replace("registry", "verdaccio")}`,
      preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
    });
    const section = page.split(`## ${app.title}\n`)[1]?.split(/\n##+ /)[0] ?? "";
    for (const [name, text] of Object.entries(emitUnits(description))) {
      const isCommon = name === `${description.name}.socket`;
      const expected = `# ${name}\n${text}`.trimEnd();
      if (isCommon) expect(commonSocket.replaceAll("node-red", description.name)).toBe(expected);
      else expect(unitsIn(section)).toContain(expected);
    }
  });

  test("names the version that is tested", () => {
    const lockfile = readFileSync(join(folderOf(app), "package-lock.json"), "utf8");
    const { packages } = JSON.parse(lockfile) as { packages: Record<string, { version: string }> };
    expect(page).toContain(`\`${app.package}\` ${packages[`node_modules/${app.package}`]?.version} `);
  });
});
