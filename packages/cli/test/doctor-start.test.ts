import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, bootForDoctor, type Finding } from "./doctor.ts";
import { askAll, installFaults, isReady } from "./faults.ts";

describeWith({ privateSystemd: true }, "sockact doctor, on apps that do not start", () => {
  let systemd: PrivateSystemd;
  let found: Map<string, Finding[]>;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home"]);
    const node = "/home/shop/.nvm/versions/node/v20.19.0/bin/node";
    await systemd.write(node, "#!/bin/sh\n", 0o755);
    await systemd.mustRun(["chmod", "700", "/home/shop"]);
    await systemd.write("/home/open/shop/server.mjs", "");
    await systemd.write("/srv/private/shop/server.mjs", "");
    await systemd.mustRun(["chmod", "700", "/srv/private"]);
    await systemd.write("/srv/alpine/node", "#!/lib/ld-musl-x86_64.so.1\n", 0o755);
    await systemd.write("/srv/alien/node", "no program", 0o755);
    await systemd.write("/srv/old/node", "#!/bin/sh\necho v18.20.8\nsleep 100\n", 0o755);
    await systemd.write("/srv/bun/bun", "#!/bin/sh\nsleep 100\n", 0o755);
    await systemd.write("/srv/extension/lib/routes.js", "");
    await systemd.write("/srv/package/package.json", "{}");
    await installFaults(systemd, {
      healthy: { until: isReady },
      nvm: { service: `ExecStart=\nExecStart=${node} /srv/nvm/server.mjs` },
      removed: {
        service: `ProtectHome=tmpfs\nBindReadOnlyPaths=/home/shop/.nvm/v1/node\nExecStart=\nExecStart=/home/shop/.nvm/v1/node /srv/nvm/server.mjs`,
      },
      moved: { service: "ProtectHome=tmpfs\nBindReadOnlyPaths=/home/shop/moved" },
      away: { service: "EnvironmentFile=/srv/away/shop/.env" },
      nowhere: { service: "ExecStart=\nExecStart=/usr/bin/nonode server.mjs" },
      alpine: { service: "ExecStart=\nExecStart=/srv/alpine/node server.mjs" },
      alien: { service: "ExecStart=\nExecStart=/srv/alien/node server.mjs" },
      folder: { service: "WorkingDirectory=/srv/absent" },
      account: { service: "DynamicUser=no\nUser=nosuch" },
      group: { service: "SupplementaryGroups=nosuch" },
      sandbox: { service: "ReadWritePaths=/srv/absent" },
      variables: { service: "EnvironmentFile=/etc/nowhere.env" },
      home: { service: `ExecStart=\nExecStart=${systemd.node} /home/open/shop/server.mjs` },
      closed: { service: `ExecStart=\nExecStart=${systemd.node} /srv/private/shop/server.mjs` },
      gone: { service: `ExecStart=\nExecStart=${systemd.node} /srv/gone/nowhere.mjs` },
      package: { app: 'import "no-such-package";' },
      extension: { app: 'import "./lib/routes";' },
      options: { description: { environment: { NODE_OPTIONS: "--no-such-option" } } },
      option: { service: `ExecStart=\nExecStart=${systemd.node} --no-such-option server.mjs` },
      crash: { loops: true, app: 'function start() { throw new TypeError("no database"); }\nstart();' },
      syntax: { app: "const = 3;" },
      status: { app: 'console.error("\\u001B[31mcan\'t find\\u0007 the database"); process.exit(7);' },
      before: { service: "ExecStartPre=/bin/false" },
      hint: { listens: "await listen(server, { idleTimeout: 30 + '' });" },
    });
    // As on a machine whose clock was wrong.
    await systemd.mustRun(["touch", "-d", "tomorrow", "/etc/systemd/system/crash.service"]);
    await systemd.systemctl("daemon-reload");
    found = await askAll(systemd);
  });
  afterAll(() => systemd?.close());

  it("finds nothing in a service that starts", () => {
    expect(found.get("healthy")).toEqual([]);
  });

  it.each([
    [
      "nvm",
      "program-unreachable",
      /^\/home\/shop\/\.nvm\S+ exists, but ProtectHome=yes hides it/,
      /203\/EXEC/,
    ],
    [
      "removed",
      "program-unreachable",
      /^\/home\/shop\/\.nvm\/v1\/node does not exist: there is no \/home\/shop\/\.nvm\/v1\.$/,
      /226\/NAMESPACE/,
    ],
    [
      "moved",
      "start-step-failed",
      /there is no \/home\/shop\/moved, which BindReadOnlyPaths= .* names\.$/,
      /226\/NAMESPACE/,
    ],
    [
      "away",
      "environment-file-missing",
      /names \/srv\/away\/shop\/\.env, which does not exist: there is no \/srv\/away\/shop\.$/,
      /Failed to load environment files/,
    ],
    ["nowhere", "program-unreachable", /^\/usr\/bin\/nonode does not exist\.$/, /203\/EXEC/],
    ["alpine", "program-unreachable", /needs \/lib\/ld-musl-x86_64\.so\.1.* Alpine Linux\.$/, /203\/EXEC/],
    ["alien", "program-unreachable", /This machine can't run \/srv\/alien\/node: /, /203\/EXEC/],
    [
      "folder",
      "folder-unreachable",
      /^\/srv\/absent does not exist\.$/,
      /200\/CHDIR[^]*\nWorkingDirectory=\/srv\/absent/,
    ],
    ["account", "user-missing", /^The user nosuch does not exist\.$/, /217\/USER[^]*\nUser=nosuch/],
    [
      "group",
      "user-missing",
      /^The group nosuch does not exist\.$/,
      /216\/GROUP[^]*\nSupplementaryGroups=nosuch/,
    ],
    ["sandbox", "start-step-failed", /there is no \/srv\/absent\.$/, /226\/NAMESPACE/],
    [
      "variables",
      "environment-file-missing",
      /^EnvironmentFile= names \/etc\/nowhere\.env, which does not exist/,
      /\nEnvironmentFile=\/etc\/nowhere\.env/,
    ],
    [
      "home",
      "app-unreachable",
      /^\/home\/open\/shop\/server\.mjs exists, but ProtectHome=yes hides it/,
      /\/home\/open\/shop\/server\.mjs'/,
    ],
    [
      "closed",
      "app-unreachable",
      /can't get to it: \/srv\/private has mode 700\.$/,
      /\/srv\/private\/shop\/server\.mjs'/,
    ],
    [
      "gone",
      "module-missing",
      /^There is no \/srv\/gone\/nowhere\.mjs\.$/,
      /Cannot find module '\/srv\/gone\/nowhere\.mjs'/,
    ],
    [
      "package",
      "module-missing",
      /^The package no-such-package is not installed in \/srv\/package\.$/,
      /Cannot find package 'no-such-package'/,
    ],
    [
      "extension",
      "module-missing",
      /^There is no \/srv\/extension\/lib\/routes, which \/srv\/extension\/server\.mjs imports\.$/,
      /Cannot find module/,
    ],
    [
      "options",
      "node-options-refused",
      /--no-such-option in NODE_OPTIONS/,
      /--no-such-option is not allowed in NODE_OPTIONS\n.*status=9/,
    ],
    [
      "option",
      "node-options-refused",
      /--no-such-option.* ExecStart=/,
      /bad option: --no-such-option\n.*status=9/,
    ],
    [
      "crash",
      "app-crashed",
      /an uncaught error\.$/,
      /^TypeError: no database\n +at start \(file:\/\/\/srv\/crash\/server\.mjs:4:/,
    ],
    [
      "syntax",
      "app-crashed",
      /can't read the app\. Unexpected token '='\.$/,
      /^file:\/\/\/srv\/syntax\/server\.mjs:4\nSyntaxError: /,
    ],
    ["status", "app-crashed", /has ended with exit status 7\.$/, /^can't find the database\n.*status=7/],
    [
      "before",
      "start-step-failed",
      /^A command of ExecStartPre= of before\.service exited with 1, so/,
      /Control process exited, code=exited, status=1/,
    ],
    ["hint", "app-crashed", /: ERR_OPTION\.$/, /^ActivationError: .*idleTimeout/],
  ])("%s: %s", (name, code, message, evidence) => {
    const findings = found.get(name)!;
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    const [finding] = findings;
    expect(finding).toMatchObject({ unit: `${name}.service`, severity: "error" });
    expect(finding!.message).toMatch(message);
    expect(finding!.evidence.map(({ text }) => text).join("\n")).toMatch(evidence);
  });

  it("reports why it does not know the version of another user's Node", async () => {
    await systemd.mustRun(["chown", "daemon", "/home/shop/.nvm/versions/node/v20.19.0/bin/node"]);
    const { unseen } = await ask(systemd, "nvm");
    expect(unseen[0]!.what).toContain("As root, the doctor runs a Node of another user as the user nobody");
  });

  it("has the lines to copy", () => {
    const copyOf = (name: string) => found.get(name)![0]!.copy;
    expect(copyOf("nvm")[0]).toBe("cp /home/shop/.nvm/versions/node/v20.19.0/bin/node /usr/local/bin/node");
    expect(copyOf("moved").join()).not.toContain("mkdir");
    expect(copyOf("away")).toEqual([]);
    expect(copyOf("variables")).toEqual(["install -m 600 /dev/null /etc/nowhere.env"]);
    expect(copyOf("closed")).toEqual(["chmod o+x /srv/private"]);
    expect(copyOf("package")).toEqual(["cd /srv/package && npm ci --omit=dev"]);
    expect(found.get("extension")![0]!.fix).toContain("/srv/extension/lib/routes.js exists");
    expect(found.get("hint")![0]!.fix).toContain("sockact explain ERR_OPTION");
  });
});
