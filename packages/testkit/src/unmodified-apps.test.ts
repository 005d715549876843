import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emitUnits } from "../../units/src/index.ts";
import { folderOf } from "./install-unmodified-app.ts";
import { unmodifiedApps } from "./unmodified-apps.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/apps.md"), "utf8");

describe.each(unmodifiedApps)("docs/apps.md, $title", (app) => {
  test("has the units that are tested", () => {
    const description = app.describe({
      node: "/usr/bin/node",
      folder: `/srv/${app.folder.replace("apps/", "").replace("registry", "verdaccio")}`,
      preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
    });
    const units = emitUnits({ ...description, sockets: [{ listen: 80, noDelay: true }] });
    const { [`${description.name}.socket`]: socket, [`${description.name}.service`]: service } = units;
    const section = page.split(`## ${app.title}\n`)[1] ?? "";
    expect(/```ini\n# (.*\n[^]*?)```/.exec(section)?.[1]).toBe(`${description.name}.service\n${service}`);
    const [, commonSocket = ""] = /```ini\n *# node-red\.socket\n([^]*?) *```/.exec(page) ?? [];
    expect(commonSocket.replaceAll(/^ +/gm, "").replaceAll("node-red", description.name)).toBe(socket);
  });

  test("names the version that is tested", () => {
    const lockfile = readFileSync(join(folderOf(app), "package-lock.json"), "utf8");
    const { packages } = JSON.parse(lockfile) as { packages: Record<string, { version: string }> };
    expect(page).toContain(`\`${app.package}\` ${packages[`node_modules/${app.package}`]?.version} `);
  });
});
