import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describeWith, installWhenChanged, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, expect, test } from "vitest";
import { installed, useMachine } from "./machine.ts";

/** The apps, and what of them is in a bundle. `decisions/034-bundle.md` has the table. */
const apps: [file: string, bundle: object][] = [
  ["express.cjs", { outside: [] }],
  ["koa.mjs", { outside: [{ name: "depd", reason: "eval" }] }],
  ["fastify.mjs", { outside: [] }],
  ["nest.cjs", { fallback: { code: "nothing" } }],
  ["native.mjs", { outside: expect.arrayContaining([{ name: "@node-rs/argon2", reason: "native" }]) }],
  ["pino.cjs", { outside: [] }],
  ["dynamic.cjs", { fallback: { code: "dynamic", reason: expect.stringContaining("dynamic.cjs:6") } }],
  ["typed.mts", { outside: [] }],
  ["monorepo.mjs", { outside: [], sources: expect.arrayContaining(["/srv/apps/greeting/index.js"]) }],
  ["socket-io.mjs", { outside: [] }],
];

// A handover needs systemd 253.
describeWith({ privateSystemd: true, systemd: 253 }, "sockact install --bundle", () => {
  const machine = useMachine();
  const { call, uninstall } = machine;
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    ({ systemd } = machine);
    const project = join(systemd.project, "node_modules");
    for (const name of ["rolldown", "@rolldown", "@oxc-project"])
      symlinkSync(join(project, name), systemd.hostPath(`${installed}/node_modules/${name}`));
    const folder = join(import.meta.dirname, "bundle-apps");
    await installWhenChanged(folder);
    cpSync(folder, systemd.hostPath("/srv/apps"), { recursive: true, verbatimSymlinks: true });
  });

  const use = async (version: string): Promise<void> =>
    systemd.write("/srv/apps/version.cjs", `module.exports = "${version}";\n`);
  const answer = async () => systemd.request("http://127.0.0.1:3000/");

  test.each(apps)(
    "serves, hands over, restarts and rolls back %s",
    { tags: "campaign", timeout: 180_000 },
    async (file, bundle) => {
      const name = file.replace(/\..*/, "");
      await use("1");
      const args = ["--name", name, "--listen", "3000", "--handover", "--bundle", "--yes", "--json"];
      const result = await call("/srv/apps", ["install", file, ...args], { timeout: 120_000 });
      expect(result).toMatchObject({ code: 0 });
      expect(JSON.parse(result.stdout)[0].bundle).toMatchObject(bundle);
      const served = async (version: string) => {
        const { status, body } = await answer();
        expect([status, body]).toEqual([
          200,
          expect.stringMatching(new RegExp(`"version":"${version}"|<h1>${version}</h1>`)),
        ]);
      };
      await served("1");
      for (const [command, version] of [
        ["reload", "2"],
        ["restart", "3"],
        ["reload", "2"],
        ["restart", "1"],
      ] as const) {
        await use(version);
        expect(await call("/", [command, name])).toMatchObject({ code: 0 });
        await served(version);
      }
      await uninstall(name);
    },
  );
});
