// What an app, or the owner of its folder, does to root who tries it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { expect, test } from "vitest";
import { App } from "../src/app.ts";
import { Machine } from "../src/machine.ts";
import { Witness } from "../src/witness.ts";
import { openFolder, writeApp } from "./installed-app.ts";

const needs = { privateSystemd: true, systemd: 253, tags: "campaign" } as const;

describeWith(needs, "an app that is tried by root", () => {
  const folder = openFolder();
  const make = (name: string): string => {
    const app = join(folder, name);
    mkdirSync(app);
    writeApp(app);
    return app;
  };

  test("gets no file of the host written, and can't keep the witness from being read", async () => {
    const app = make("links");
    const written = join(app, "written");
    const attack = `const fs = require("node:fs");
const folder = process.env.SOCKACT_PROVE_WITNESS;
const attempt = (action) => { try { action(); } catch {} };
if (folder) {
  attempt(() => fs.rmSync(folder + "/asks", { recursive: true }));
  attempt(() => fs.renameSync(folder + "/asks", folder + "/old"));
  for (const name of ["/" + process.pid + ".ask", "/asks/" + process.pid])
    attempt(() => fs.symlinkSync(${JSON.stringify(written)}, folder + name));
  require("node:child_process").execFileSync("mkfifo", [folder + "/1.jsonl"]);
  fs.writeFileSync(folder + "/2.jsonl", "{torn}\\n");
}
require("./server.js");
`;
    writeFileSync(join(app, "attack.js"), attack);
    await using machine = await Machine.boot(app);
    const installed = await machine.install(["attack.js", "--listen", "80"]);
    const address = { host: "127.0.0.1", port: 80, secure: false };
    const witness = await Witness.attach(
      new App(machine, {
        ...installed,
        address,
        asking: { requests: [{ method: "GET", path: "/" }], status: 200 },
      }),
    );
    expect(witness.isWatching).toBe(true);
    expect(await witness.ask("awake")).toMatchObject([{ what: "awake" }]);
    expect(existsSync(written)).toBe(false);
  });

  test("gets nothing written to a disk that is mounted in its folder, or elsewhere", async () => {
    const app = make("disk");
    const within = join(app, "my 1 data");
    mkdirSync(within);
    const elsewhere = mkdtempSync("/sockact 1 ");
    for (const disk of [within, elsewhere]) execFileSync("mount", ["-t", "tmpfs", "tmpfs", disk]);
    try {
      await using machine = await Machine.boot(app);
      const { systemd } = machine;
      for (const disk of [systemd.inside(within), elsewhere])
        expect(await systemd.run(["touch", join(disk, "written")])).not.toMatchObject({ code: 0 });
      expect([...readdirSync(within), ...readdirSync(elsewhere)]).toEqual([]);
    } finally {
      for (const disk of [within, elsewhere]) execFileSync("umount", [disk]);
      rmdirSync(elsewhere);
    }
  });

  test("gets no config used that neither root nor who has called sudo has written", async () => {
    const app = make("config");
    const asRoot = { command: ["/bin/true"], privileged: true };
    const config = {
      name: "config",
      exec: ["node", "./server.js"],
      sockets: [{ listen: 80 }],
      execStartPre: [asRoot],
    };
    writeFileSync(join(app, "sockact.config.json"), JSON.stringify(config));
    execFileSync("chown", ["-R", "1:1", app]);
    await using machine = await Machine.boot(app);
    await expect(machine.install([])).rejects.toThrow("(SOCKACT_ERR_CONFIG_UNSAFE)");
  });
});
