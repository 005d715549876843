import { readFileSync } from "node:fs";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootForDoctor, doctorCommand, type Finding } from "./doctor.ts";
import { askAll, installFaults } from "./faults.ts";

describeWith({ privateSystemd: true }, "sockact doctor, on the mistakes of docs/mistakes.md", () => {
  let systemd: PrivateSystemd;
  let found: Map<string, Finding[]>;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    const node = "/home/shop/.nvm/versions/node/v22.20.0/bin/node";
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home"]);
    await systemd.write(node, "", 0o755);
    await systemd.write("/home/shop/shop/server.mjs", "");
    await systemd.mustRun(["ln", "-s", `${systemd.project}/node_modules`, "/srv/node_modules"]);
    await systemd.write(
      "/srv/npm/package.json",
      JSON.stringify({ name: "shop", scripts: { start: `${systemd.node} server.mjs` } }),
    );
    const express = (lines: string) =>
      `import express from "express"; import { systemdListen } from "@sockact/express"; const app = express();\n${lines}`;
    const listens = (port: number) => `app.listen(${port}, () => console.log("listening"));`;
    // The port has to be taken before the socket starts.
    const rival = systemd.spawn([
      systemd.node,
      "--eval",
      "require('node:http').createServer().listen(80, () => console.log('up'))",
    ]);
    await new Promise((resolve) => rival.stdout!.once("data", resolve));
    await installFaults(systemd, {
      npm: {
        text: express(`app.use(systemdListen()); ${listens(3001)}`),
        service: "ExecStart=\nExecStart=/usr/bin/npm --prefix /srv/npm start",
        until: /SOCKACT_LAUNCHER/,
      },
      alone: {
        text: express(`app.use(systemdListen()); ${listens(3002)}`),
        isAlone: true,
        until: /^listening/,
      },
      forgotten: { text: express(listens(3003)), until: /^listening/ },
      late: {
        text: express(`app.listen(3004, () => { console.log("listening"); app.use(systemdListen()); });`),
        until: /SOCKACT_UNTAKEN/,
      },
      closure: {
        text: `import { createServer } from "node:http";
          ${express("app.use(systemdListen());")}
          createServer((request, response) => app(request, response)).listen(3005);`,
        until: /SOCKACT_UNTAKEN/,
      },
      notify: {
        text: express(listens(3006)),
        service: "Type=notify\nOpenFile=\nTimeoutStartSec=1s",
        until: /timed out/,
      },
      home: { service: `ExecStart=\nExecStart=${systemd.node} /home/shop/shop/server.mjs` },
      names: { text: express(`app.use(systemdListen({ name: "web" })); ${listens(3007)}`) },
      second: {
        text: express(`app.use(systemdListen()); ${listens(3008)} ${listens(3008)}`),
        until: /SOCKACT_NOT_LISTENING/,
      },
      nvm: { service: `ExecStart=\nExecStart=${node} /srv/nvm/server.mjs` },
      parentheses: { text: express(`app.use(systemdListen); ${listens(3009)}`), until: /ERR_OPTION/ },
      taken: { description: { sockets: [{ listen: 80 }] }, until: /Dependency failed/ },
      relative: {
        service: `ExecStart=\nExecStart=${systemd.node} server.mjs\nWorkingDirectory=`,
        without: /^WorkingDirectory=.*\n/gm,
        until: /Cannot find module/,
      },
    });
    found = await askAll(systemd);
  });
  afterAll(() => systemd?.close());

  /** The codes of the page, in the order of its sections. */
  const documented = Array.from(
    readFileSync(new URL("../../../docs/mistakes.md", import.meta.url), "utf8").matchAll(
      /^- \*\*Doctor:\*\* `([\w-]+)`/gm,
    ),
    ([, code]) => code,
  );
  const mistakes = [
    ["npm", "launcher"],
    ["alone", "service-without-socket"],
    ["forgotten", "socket-not-taken"],
    ["late", "socket-not-taken"],
    ["closure", "socket-not-taken"],
    ["notify", "never-ready"],
    ["home", "app-unreachable"],
    ["names", "socket-name-unknown"],
    ["second", "app-warning"],
    ["taken", "port-taken"],
    ["nvm", "program-unreachable"],
    ["parentheses", "app-crashed"],
    ["relative", "module-missing"],
  ] as const;

  it("the page has the codes of all of them", () => {
    expect(documented).toEqual(mistakes.map(([, code]) => code));
  });

  it("prints what docs/doctor.md shows", async () => {
    const { stdout } = await systemd.run(doctorCommand(systemd, "taken"));
    const report = stdout
      .replaceAll(systemd.node, "/usr/bin/node")
      .replaceAll(/\btaken(?=\.)/g, "shop")
      // The process ID and the rest of the command differ from run to run.
      .replaceAll(/(process|kill|\/proc\/?) ?(?!1\b)\d+/g, (text) => text.replace(/\d+/, "812"))
      .replaceAll(/\(?\/usr\/bin\/node --eval[^)\n]*\)?/g, (text) =>
        text.startsWith("(") ? "(/usr/bin/node old.js)" : "/usr/bin/node old.js",
      );
    await expect(report).toMatchFileSnapshot("../../../docs/outputs/doctor-port-taken.txt");
  });

  it("names the folder that you must write into the commands", () => {
    expect(found.get("relative")![0]!.copy).toContain("  WorkingDirectory=/the/folder/of/your/app");
  });

  it.each(mistakes)("%s: %s, and nothing else", (name, code) => {
    expect(found.get(name)!.map((finding) => finding.code)).toEqual([code]);
  });
});
