// Where an app may be that a service can run.
import { dirname } from "node:path";
import { type CommandOptions, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { cli, installed, server, useMachine } from "./machine.ts";

describeWith({ privateSystemd: true }, "sockact install", () => {
  const machine = useMachine();
  const { call, uninstall } = machine;
  let systemd: PrivateSystemd;
  beforeAll(() => {
    ({ systemd } = machine);
  });

  describe("of an app in a home that is closed to others", () => {
    // As nvm has it.
    const node = "/home/me/.nvm/versions/node/v20.99.0/bin/node";
    const sudo = { SUDO_UID: "1500", SUDO_GID: "1500", SUDO_USER: "me" };
    const asMe = async (args: string[], options: CommandOptions = {}) =>
      systemd.run(
        [
          "setpriv",
          "--reuid=1500",
          "--regid=1500",
          "--clear-groups",
          node,
          "/opt/npx/bin/sockact.cjs",
          ...args,
        ],
        {
          cwd: "/home/me/shop",
          timeout: 60_000,
          ...options,
          env: {
            HOME: "/home/me",
            USER: "me",
            XDG_RUNTIME_DIR: "/run/user/1500",
            npm_command: "exec",
            ...options.env,
          },
        },
      );
    const bySudo = async (...args: string[]) =>
      systemd.run([node, cli, "install", ...args], { cwd: "/home/me/shop", timeout: 60_000, env: sudo });

    beforeAll(async () => {
      await systemd.mustRun([
        "sh",
        "-ec",
        `useradd --uid 1500 --create-home me
        mkdir -p ${dirname(node)} /home/me/shop /home/me/.ssh
        cp ${systemd.node} ${node}
        mount -t tmpfs -o mode=755 tmpfs /opt
        cp -r ${dirname(dirname(cli))} /opt/npx
        cp -r ${installed}/node_modules /opt/npx/`,
      ]);
      await systemd.write(
        "/home/me/shop/server.js",
        server(`JSON.stringify({ uid: process.getuid(), home: require("node:fs").readdirSync("/home/me") })`),
      );
      await systemd.write("/home/me/shop/package.json", "{}");
      await systemd.mustRun(["sh", "-ec", "chown -R me:me /home/me; chmod 700 /home/me"]);
    });

    test("opens only the app and Node to the service's user", async () => {
      const result = await bySudo("server.js", "--name", "closed", "--listen", "80", "--yes");
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("answers 200 OK") });
      const { uid, home } = JSON.parse((await systemd.request("http://localhost/")).body);
      expect(uid).toBeGreaterThanOrEqual(61_184);
      expect(home).toEqual([".nvm", "shop"]);
      await uninstall("closed");
    });

    test("has a hint when the app's own folder is closed too", async () => {
      await systemd.mustRun(["chmod", "700", "/home/me/shop"]);
      try {
        const refused = await bySudo("server.js", "--name", "closed", "--dry-run");
        expect(refused.code).toBe(1);
        expect(refused.stderr).toContain(
          "the user of the service may not enter the folder /home/me/shop (drwx------)",
        );
        expect(refused.stderr).toContain("sudo chmod -R o+rX /home/me/shop");
        expect(refused.stderr).toContain("--run-as me");
        const other = await bySudo("server.js", "--name", "closed", "--dry-run", "--run-as", "me");
        expect(other).toMatchObject({ code: 0, stdout: expect.stringContaining("\nUser=me\n") });
      } finally {
        await systemd.mustRun(["chmod", "755", "/home/me/shop"]);
      }
    });

    test("opens no folder of another home, whatever the app links to", async () => {
      await systemd.write("/home/other/private/package.json", "{}");
      await systemd.mustRun([
        "sh",
        "-ec",
        `mkdir /home/me/shop/node_modules
        ln -s ../../own /home/me/shop/node_modules/own
        ln -s ../../gone /home/me/shop/node_modules/gone
        mkdir /home/me/own; echo {} >/home/me/own/package.json; chown -R me:me /home/me`,
      ]);
      const own = await bySudo("server.js", "--name", "linked", "--dry-run");
      expect(own).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("BindReadOnlyPaths=/home/me/own\n"),
      });
      // Later, me could put a link to a folder of root there.
      const byRoot = await systemd.run([node, cli, "install", "server.js", "--name", "linked", "--dry-run"], {
        cwd: "/home/me/shop",
      });
      expect(byRoot.code).toBe(1);
      expect(byRoot.stderr).toContain("would see /home/me/shop, and another user could put a link");
      expect(byRoot.stderr).toContain("--run-as");
      await systemd.mustRun(["ln", "-s", "/home/other/private", "/home/me/shop/node_modules/private"]);
      const others = await bySudo("server.js", "--name", "linked", "--dry-run");
      expect(others).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("node_modules/private: the sandbox hides it"),
      });
      await systemd.mustRun(["rm", "-r", "/home/me/shop/node_modules", "/home/me/own"]);
    });

    test("refuses an app that is directly in the home", async () => {
      await systemd.write("/home/me/server.js", server(`"hi"`));
      const result = await systemd.run([node, cli, "install", "server.js", "--dry-run"], {
        cwd: "/home/me",
        env: sudo,
      });
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("SOCKACT_ERR_INSTALL_APP") });
    });

    test("tells a user without root the command to call", async () => {
      const { code, stderr } = await asMe(["install", "server.js", "--name", "my shop", "--listen", "80"]);
      expect(code).toBe(2);
      expect(stderr).toContain("SOCKACT_ERR_INSTALL_ROOT");
      expect(stderr).toContain(
        `\nsudo env "PATH=$PATH" npx sockact install server.js --name 'my shop' --listen 80\n`,
      );
    });

    test("shows the files to a user without root", async () => {
      const { code, stdout } = await asMe(["install", "server.js", "--name", "closed", "--dry-run"]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^# \/etc\/systemd\/system\/closed\.socket\n[^]*ProtectHome=tmpfs\n/),
      });
    });

    test("evaluates a config as the user who has called sudo", async () => {
      await systemd.write(
        "/home/me/shop/sockact.config.mjs",
        `export default {
          name: "configured-by-" + process.getuid(),
          exec: [${JSON.stringify(systemd.node)}, "/srv/shop/server.js"],
          sockets: [{ listen: 80 }],
          acknowledge: [],
        };\n`,
      );
      await systemd.write("/srv/shop/server.js", server(`"hi"`));
      await systemd.mustRun(["chown", "me:me", "/home/me/shop/sockact.config.mjs"]);
      try {
        const { stdout } = await bySudo("--dry-run");
        expect(stdout).toContain("# /etc/systemd/system/configured-by-1500.socket");
        const mixed = await bySudo("--dry-run", "--listen", "81");
        expect(mixed).toMatchObject({
          code: 2,
          stderr: expect.stringContaining("--listen would be ignored"),
        });
      } finally {
        await systemd.mustRun(["rm", "/home/me/shop/sockact.config.mjs"]);
      }
    });

    test("refuses --user under sudo", async () => {
      const result = await bySudo("server.js", "--user", "--yes");
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("SOCKACT_ERR_INSTALL_SUDO") });
    });

    test("installs it for the user's own service manager", async () => {
      await systemd.systemctl("start", "user@1500.service");
      const result = await asMe([
        "install",
        "server.js",
        "--user",
        "--name",
        "mine",
        "--listen",
        "8080",
        "--yes",
      ]);
      expect(result).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("localhost:8080/ answers 200"),
      });
      expect(JSON.parse((await systemd.request("http://localhost:8080/")).body)).toMatchObject({ uid: 1500 });
      await asMe(["uninstall", "mine", "--user", "--yes"]);
      await systemd.systemctl("stop", "user@1500.service");
    });
  });

  describe("of an app in /root, by root", () => {
    // As root's own nvm has it.
    const node = "/root/.nvm/versions/node/v20.99.0/bin/node";
    const byRoot = async (...args: string[]) =>
      systemd.run([node, cli, "install", ...args], { cwd: "/root/shop", timeout: 60_000 });

    beforeAll(async () => {
      await systemd.mustRun(["sh", "-ec", `mkdir -p ${dirname(node)}; cp ${systemd.node} ${node}`]);
      await systemd.write("/root/secret", "");
      await systemd.write(
        "/root/shop/server.js",
        server(`JSON.stringify({ uid: process.getuid(), home: require("node:fs").readdirSync("/root") })`),
      );
      await systemd.write("/root/shop/package.json", "{}");
    });

    test("has hints that help if an existing user can't enter it", async () => {
      const refused = await byRoot("server.js", "--name", "rooted", "--dry-run", "--run-as", "daemon");
      expect(refused.code).toBe(1);
      expect(refused.stderr).not.toContain("chmod o+");
      expect(refused.stderr).toContain("Leave out --run-as.");
    });

    test("opens only the app and Node to the user of a service that a config describes, and doctor sees when Node has gone", async () => {
      await systemd.write(
        "/root/shop/sockact.config.json",
        `{ "name": "rooted", "exec": ["node", "./server.js"], "sockets": [{ "listen": 80 }], "preload": true }`,
      );
      const result = await byRoot("--yes");
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("answers 200 OK") });
      expect(result.stderr.replaceAll(/\s+/g, " ")).toContain(
        `The service sees ${node} and /root/shop, and nothing else in homes`,
      );
      const { uid, home } = JSON.parse((await systemd.request("http://localhost/")).body);
      expect(uid).toBeGreaterThanOrEqual(61_184);
      expect(home).toEqual([".nvm", "shop"]);
      expect(await call("/", ["doctor", "rooted"])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("nothing found"),
      });
      // As nvm uninstall does it.
      await systemd.mustRun(["rm", "-r", dirname(dirname(node))]);
      await systemd.run(["systemctl", "restart", "rooted.service"]);
      const { stdout } = await call("/", ["doctor", "rooted"]);
      expect(stdout).toContain(`${node} does not exist`);
      expect(stdout.replaceAll(/\s+/g, " ")).toContain(
        'cd /root/shop sudo env "PATH=$PATH" npx sockact install --name rooted',
      );
      await uninstall("rooted");
    });
  });
});
