import { readFileSync } from "node:fs";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

/**
 * Answers with the variables that name folders, with what a write to each comes to, and with the credentials.
 */
const answer = `
const { readdirSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { env } = process;
function outcome(run) { try { return run() ?? "done"; } catch (error) { return error.code; } }
const folders = {};
for (const kind of ["STATE", "CACHE", "LOGS", "RUNTIME", "CONFIGURATION"]) {
  folders[kind] = env[kind + "_DIRECTORY"]?.split(":").map((folder) => [
    folder, (statSync(folder).mode & 0o777).toString(8), outcome(() => writeFileSync(folder + "/written", "")),
  ]);
}
const credentials = {};
const at = env.CREDENTIALS_DIRECTORY;
for (const name of at ? readdirSync(at) : []) credentials[name] = readFileSync(at + "/" + name, "base64");
require("node:http").createServer((_, response) => response.end(JSON.stringify({ folders, credentials, home: env.HOME }))).listen({ fd: 3 });`;

interface Answer {
  folders: Record<string, [folder: string, mode: string, write: string][]>;
  credentials: Record<string, string>;
  home: string;
}

describeWith({ privateSystemd: true, systemd: 254 }, "a service that systemd runs", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  async function ask(
    description: Omit<AppDescription, "exec">,
    request: Parameters<PrivateSystemd["request"]>[0],
  ) {
    await systemd.installUnits(emitUnits({ ...description, exec: [systemd.node, "--eval", answer] }));
    await systemd.start(`${description.name}.socket`);
    return JSON.parse((await systemd.request(request)).body) as Answer;
  }

  it("has the requested folders, whatever their names, and a home in the first", async () => {
    await systemd.mustRun(["mkdir", "/etc/of-root"]);
    const { folders, home } = await ask(
      {
        name: "folders",
        hardening: "inbound",
        stateDirectory: ["100% $mine/é", "second"],
        stateDirectoryMode: "0700",
        cacheDirectory: "shop",
        logsDirectory: "shop",
        logsDirectoryMode: "0750",
        runtimeDirectory: "shop",
        configurationDirectory: ["of-root", "shop"],
        sockets: [{ listen: 80 }],
      },
      "http://127.0.0.1/",
    );
    expect(folders).toEqual({
      STATE: [
        ["/var/lib/100% $mine/é", "700", "done"],
        ["/var/lib/second", "700", "done"],
      ],
      CACHE: [["/var/cache/shop", "755", "done"]],
      LOGS: [["/var/log/shop", "750", "done"]],
      RUNTIME: [["/run/shop", "755", "done"]],
      CONFIGURATION: [
        ["/etc/of-root", "755", "EACCES"],
        ["/etc/shop", "755", "done"],
      ],
    });
    expect(home).toBe("/var/lib/100% $mine/é");
  });

  it("has none that it did not want", async () => {
    const { folders } = await ask(
      { name: "bare", stateDirectory: false, sockets: [{ listen: 81 }] },
      "http://127.0.0.1:81/",
    );
    expect(folders).toEqual({});
  });

  it("owns the data that root has copied into its folder, as docs/coming-from/pm2.md tells to", async () => {
    const description = { name: "moved", stateDirectory: "moved", sockets: [{ listen: 83 }] };
    await ask(description, "http://127.0.0.1:83/");
    const commands = [
      "systemctl stop moved.service",
      "mkdir -m 755 /run/uploads && touch /run/uploads/picture",
      "cp -r /run/uploads /var/lib/moved/",
      "chown -R --reference=/var/lib/moved/ /var/lib/moved/uploads",
    ];
    await systemd.mustRun(["sh", "-ec", commands.join("\n")]);
    const script = `
      const { STATE_DIRECTORY } = process.env;
      require("node:http").createServer((_, response) => {
        require("node:fs").appendFileSync(STATE_DIRECTORY + "/uploads/picture", "more");
        response.end("written");
      }).listen({ fd: 3 });`;
    await systemd.installUnits(emitUnits({ ...description, exec: [systemd.node, "--eval", script] }));
    expect(await systemd.request("http://127.0.0.1:83/")).toMatchObject({ body: "written" });
  });

  it("is reached again, once it has stopped, through a socket in its runtime folder", async () => {
    const socketPath = "/run/kept/app.sock";
    const request = { url: "http://app/", socketPath };
    const runtimeDirectory = "kept";
    await ask({ name: "kept", user: "daemon", runtimeDirectory, sockets: [{ listen: socketPath }] }, request);
    await systemd.stop("kept.service");
    expect(await systemd.request(request)).toMatchObject({ status: 200 });
  });

  it("has its credentials, byte for byte", async () => {
    const secret = "\0\n\\%é";
    const file = '/root/100%-$mine/it\'s-"é"';
    await systemd.mustRun(["sh", "-c", 'mkdir -p "$(dirname "$0")" && cat >"$0"', `/run${file}`], {
      input: secret,
    });
    await systemd.write("/run/credstore/shop.one", "1");
    await systemd.write("/run/credstore/named", "2");
    // systemd 262 asks this service of its own for what is encrypted.
    if (systemdVersion()! >= 258) {
      const read = (name: string) => [name, readFileSync(`/usr/lib/systemd/system/${name}`, "utf8")];
      const files = ["systemd-creds.socket", "systemd-creds@.service"].map(read);
      await systemd.installUnits(Object.fromEntries(files) as Record<string, string>, { verify: false });
      await systemd.start("systemd-creds.socket");
    }
    // A secret of the machine's own, made at the first use.
    const encrypt = ["systemd-creds", "encrypt", "--with-key=host", "--name=sealed", "-", "/run/sealed"];
    await systemd.mustRun(encrypt, { input: "seal" });
    const value = ` 50% of "$HOME" \\n\n\t%n é; # `;
    const { credentials } = await ask(
      {
        name: "trusted",
        hardening: "inbound",
        credentials: {
          "tls.key": `/run${file}`,
          store: "named",
          named: {},
          sealed: { path: "/run/sealed", encrypted: true },
          value: { value },
          "value-or": { path: "/run/none", value: "default" },
        },
        importCredentials: ["shop.*"],
        sockets: [{ listen: 82 }],
      },
      "http://127.0.0.1:82/",
    );
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    expect(credentials).toEqual({
      "tls.key": base64(secret),
      store: base64("2"),
      named: base64("2"),
      sealed: base64("seal"),
      value: base64(value),
      "value-or": base64("default"),
      "shop.one": base64("1"),
    });
  });
});
