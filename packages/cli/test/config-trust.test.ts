import { chmodSync, chownSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { folderWith } from "./app-folder.ts";
import { unitsIn } from "./outcome.ts";

const fields = `name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }]`;

describeWith({ root: true }, "a config of root", () => {
  const config = {
    "sockact.config.json": { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }] },
  };
  const file = "sockact.config.json";

  it("is used if only root may write it", () => {
    const folder = folderWith(config);
    expect(unitsIn(folder).status).toBe(0);
    chmodSync(folder, 0o700);
    expect(unitsIn(folder).status).toBe(0);
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    [
      "the file may be written by everyone",
      (folder) => chmodSync(join(folder, file), 0o646),
      /every user may write it[^]*chmod o-w .*json/,
    ],
    [
      "the file may be written by a group",
      (folder) => {
        chownSync(join(folder, file), 0, 1);
        chmodSync(join(folder, file), 0o664);
      },
      /its group 1 may write it/,
    ],
    // An access control list shows up like this.
    [
      "the group of root may write the file",
      (folder) => chmodSync(join(folder, file), 0o664),
      /its group 0 may/,
    ],
    [
      "the folder may be written by everyone",
      (folder) => chmodSync(folder, 0o777),
      /sockact app \w+: every user may write it/,
    ],
    [
      "another user owns the file",
      (folder) => chownSync(join(folder, file), 65_534, 0),
      /user 65534 owns it, and not root[^]*with sudo as the user who owns it/,
    ],
    [
      "another user owns the folder",
      (folder) => chownSync(folder, 65_534, 0),
      /user 65534 owns it[^]*as the user who owns it, or move the config to a folder of root\./,
    ],
  ])("does not use a config if %s", (_, change, message) => {
    const folder = folderWith(config);
    change(folder);
    const { status, stderr, stdout } = unitsIn(folder);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("SOCKACT_ERR_CONFIG_UNSAFE");
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toHaveProperty("error.code", "SOCKACT_ERR_CONFIG_UNSAFE");
  });

  it("does not evaluate a config that it refuses", () => {
    const folder = folderWith({
      "sockact.config.mjs": `import { writeFileSync } from "node:fs";\nwriteFileSync("evaluated", "");`,
    });
    chmodSync(join(folder, "sockact.config.mjs"), 0o666);
    expect(unitsIn(folder).stderr).toContain("SOCKACT_ERR_CONFIG_UNSAFE");
    expect(existsSync(join(folder, "evaluated"))).toBe(false);
  });

  it("looks where symbolic links lead, and who may change them", () => {
    const elsewhere = folderWith(config);
    const folder = folderWith({ [file]: { link: join(elsewhere, file) } });
    expect(unitsIn(folder).status).toBe(0);
    chmodSync(elsewhere, 0o777);
    expect(unitsIn(folder).stderr).toContain("SOCKACT_ERR_CONFIG_UNSAFE");
    chmodSync(elsewhere, 0o755);
    expect(unitsIn(folder, ["-c", join(folder, file)]).status).toBe(0);
    chmodSync(folder, 0o777);
    expect(unitsIn(folder, ["-c", join(folder, file)]).stderr).toContain("SOCKACT_ERR_CONFIG_UNSAFE");
  });

  it("refuses a SUDO_UID without a user", () => {
    for (const uid of ["4294967000", "x", "-1", ""])
      expect(unitsIn(folderWith(config), [], { SUDO_UID: uid })).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("SOCKACT_ERR_INVOKER") as string,
      });
  });
});

describeWith({ privateSystemd: true }, "under sudo, a config", () => {
  let systemd: PrivateSystemd;
  const folder = "/var/lib/apps/shop";

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const passwd = readFileSync("/etc/passwd", "utf8");
    const group = readFileSync("/etc/group", "utf8");
    await systemd.write(
      "/etc/passwd",
      `${passwd.trimEnd()}\nana:x:4001:4001:Ana:/var/lib/apps:/bin/sh\nben:x:4002:4002::/:/bin/sh\n`,
    );
    await systemd.write(
      "/etc/group",
      `${group.trimEnd()}\nana:x:4001:\nben:x:4002:ana\nstaff2:x:4003:ana,ben\n`,
    );
    await systemd.mustRun(["mkdir", "-p", folder]);
    await systemd.mustRun(["chown", "-R", "ana:ana", "/var/lib/apps"]);
  });
  afterAll(() => systemd?.close());

  async function units(
    text: string,
    {
      name = "sockact.config.ts",
      mode = "644",
      owner = "ana",
      program = `${systemd.project}/packages/cli/bin/sockact.cjs`,
    } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    await systemd.mustRun(["sh", "-c", `rm -f ${folder}/*`]);
    await systemd.write(`${folder}/${name}`, text);
    await systemd.mustRun(["chown", owner, `${folder}/${name}`]);
    await systemd.mustRun(["chmod", mode, `${folder}/${name}`]);
    return systemd.run([systemd.node, program, "units", "--json"], {
      cwd: folder,
      env: {
        SUDO_UID: "4001",
        SUDO_GID: "0",
        SUDO_USER: "root",
        NO_COLOR: "1",
        NODE_OPTIONS: "",
        SECRET: "x",
      },
    });
  }

  it("in a folder of another user is not used, and that user keeps the folder", async () => {
    await systemd.mustRun(["chown", "ben", folder]);
    const { stderr } = await units("export default {};");
    await systemd.mustRun(["chown", "ana", folder]);
    expect(stderr).toContain("SOCKACT_ERR_CONFIG_UNSAFE");
    expect(stderr).toContain("sudo as the user who owns it, or move the config to a folder of ana.");
    expect(stderr).not.toContain("chown");
  });

  it.each(["ts", "mjs", "cjs"])(
    "is evaluated as the user who has called sudo, and in no way as root: %s",
    async (format) => {
      const code = `
const attempts = { setuid: () => process.setuid(0), seteuid: () => process.seteuid(0), setgroups: () => process.setgroups([0]), shadow: () => fs.readFileSync("/etc/shadow") };
const refused = Object.entries(attempts).flatMap(([name, attempt]) => { try { attempt(); return []; } catch { return name; } });
const told = { uid: process.getuid(), euid: process.geteuid(), gid: process.getgid(), groups: process.getgroups().sort(), refused,
  status: fs.readFileSync("/proc/self/status", "utf8").match(/^Cap(?:Prm|Eff|Amb):.*$|^Uid:.*$/gm).join(" ").replace(/\\s+/g, " "),
  home: process.env.HOME, secret: process.env.SECRET ?? "", cwd: process.cwd() };
const value = { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }], description: JSON.stringify(told) };
`;
      const [first, last] =
        format === "cjs"
          ? [`const fs = require("fs");`, "module.exports = value;"]
          : [`import fs from "node:fs";`, "export default value;"];
      const { stdout, stderr } = await units(`${first}${code}${last}`, { name: `sockact.config.${format}` });
      expect(stderr).toBe("");
      const [{ description }] = JSON.parse(stdout) as [{ description: { description: string } }];
      expect(JSON.parse(description.description)).toEqual({
        uid: 4001,
        euid: 4001,
        gid: 4001,
        groups: [4001, 4002, 4003],
        refused: ["setuid", "seteuid", "setgroups", "shadow"],
        status:
          "Uid: 4001 4001 4001 4001 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000",
        home: "/var/lib/apps",
        secret: "",
        cwd: folder,
      });
    },
  );

  const config = `export default { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }] };`;

  it("may be written by the user's own group if it has no other member", async () => {
    expect(await units(config, { owner: "ana:ana", mode: "664" })).toMatchObject({ code: 0 });
  });

  it.each([
    [{ owner: "ben" }, /user 4002 owns it, and not root or ana/],
    [{ mode: "666" }, /every user may write it/],
    [{ owner: "ana:staff2", mode: "664" }, /its group 4003 may write it/],
  ])("is refused if others may write it: %j", async (options, message) => {
    expect(await units(config, options)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(message) as string,
    });
  });

  it("is evaluated by a sockact that only root can read, as root's npx installs it", async () => {
    const copy = "/var/lib/root-only";
    const { project } = systemd;
    await systemd.mustRun(["mkdir", "-p", "--mode=700", `${copy}/node_modules`]);
    await systemd.mustRun([
      "cp",
      "-r",
      ...["bin", "dist", "package.json"].map((name) => `${project}/packages/cli/${name}`),
      copy,
    ]);
    for (const name of ["jiti", "commander"]) {
      const places = [`${project}/packages/cli/node_modules/${name}`, `${project}/node_modules/${name}`];
      await systemd.mustRun([
        "sh",
        "-c",
        `cp -rL "$1" "$3" 2>/dev/null || cp -rL "$2" "$3"`,
        "sh",
        ...places,
        `${copy}/node_modules`,
      ]);
    }
    for (const name of ["sockact.config.ts", "sockact.config.mjs"]) {
      const result = await units(`export default { ${fields}, description: String(process.getuid()) };`, {
        name,
        program: `${copy}/bin/sockact.cjs`,
      });
      expect(result.stderr).toBe("");
      expect(JSON.parse(result.stdout)).toMatchObject([{ description: { description: "4001" } }]);
    }
  });

  it("that the user can't read is an error, although root can", async () => {
    const { code, stderr } = await units(config, { owner: "root", mode: "600" });
    expect(stderr).toMatch(/EACCES|permission denied/i);
    expect(stderr).toContain("This user must be allowed to read it");
    expect(code).toBe(1);
  });
});
