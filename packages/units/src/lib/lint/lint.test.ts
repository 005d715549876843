import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanPair, faults, faulty } from "../../../test/faults.ts";
import { fixUnits } from "./fix.ts";
import { lintUnits, rules, type Finding } from "./lint.ts";

const codesOf = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

/** The number of the line that begins with this; of the last one, if it goes on to the next. */
function lineOf(text: string, begins: string): number {
  const at = `\n${text}`.lastIndexOf(`\n${begins}`);
  return text.slice(0, at).split("\n").length;
}

describe("lintUnits", () => {
  it("says nothing of a clean pair", () => {
    expect(lintUnits(cleanPair)).toEqual([]);
  });

  it.each(faults.map((fault) => [fault.code, fault.at.trim(), fault] as const))(
    "finds %s at %s, and nothing else",
    (code, _, fault) => {
      const files = faulty(fault);
      const findings = lintUnits(files);
      expect(codesOf(findings).toSorted()).toEqual([code, ...(fault.also ?? [])].toSorted());
      const finding = findings.find((one) => one.code === code)!;
      expect(finding).toMatchObject({
        file: fault.file,
        line: lineOf(files[fault.file]!, fault.at),
        severity: rules[code].severity,
        why: rules[code].why,
      });
      for (const text of [finding.message, finding.fix]) expect(text).toMatch(/^\S[^\n]*\S$/);
    },
  );

  it.each(faults.map((fault) => [fault.code, fault.at.trim(), fault] as const))(
    "fixes %s at %s completely, if it has edits",
    (code, _, fault) => {
      const files = faulty(fault);
      const offered = lintUnits(files).filter((one) => one.code === code && one.edits !== undefined);
      const mended = fixUnits(files, offered);
      expect(codesOf(lintUnits(mended)).includes(code)).toBe(offered.length === 0);
      const all = fixUnits(files);
      expect(lintUnits(all).filter(({ edits }) => edits !== undefined)).toEqual([]);
      expect(fixUnits(all)).toEqual(all);
    },
  );

  it.each([
    "exec-several",
    "notify-blocked",
    "notify-access-all",
    "home-hidden",
    "jit-killed",
    "port-twice",
    "pid-namespace",
  ])("leaves the choice to you for %s: another program would run, or another protection hold", (code) => {
    const own = faults.filter((fault) => fault.code === code);
    expect(own).not.toEqual([]);
    for (const fault of own) {
      const found = lintUnits(faulty(fault)).filter((one) => one.code === code);
      expect(found.map(({ edits }) => edits)).toEqual([undefined]);
    }
  });

  it("has a planted fault for each of its rules", () => {
    const planted = new Set(faults.map(({ code }) => code));
    expect(Object.keys(rules).filter((code) => !planted.has(code as Finding["code"]))).toEqual([]);
  });

  it("has findings for all of a pair's faults at once, in the order of the files and lines", () => {
    const findings = lintUnits({
      "app.service": "[Service]\nExecStart=/usr/bin/npm start\nUser=root\nMemoryDenyWriteExecute=yes\n",
      "app.socket": "[Socket]\nListenStream=0\n",
    });
    expect(findings.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([
      "app.service:1 requires-missing",
      "app.service:1 start-limit",
      "app.service:1 clean-exit-spins",
      "app.service:2 exec-launcher",
      "app.service:3 user-root",
      "app.service:4 jit-killed",
      "app.socket:1 trigger-limit",
      "app.socket:1 socket-not-installed",
      "app.socket:2 address-invalid",
    ]);
  });

  it.each([
    "LimitAS=4G",
    "LimitNOFILE=20:524288",
    "LimitNOFILE=infinity",
    "TasksMax=10",
    "TasksMax=1%",
    "TasksMax=4\nEnvironment=UV_THREADPOOL_SIZE=1",
    "MemoryMax=20M",
    "MemoryMax=infinity",
    "TimeoutStartSec=100ms",
    "Type=notify\nOpenFile=/run/systemd/notify:notify\nTimeoutStartSec=0\nWatchdogSec=0",
    "LimitNPROC=infinity",
    "TemporaryFileSystem=/srv\nBindReadOnlyPaths=/srv/app",
    "NoExecPaths=/\nExecPaths=/bin /lib /usr/lib",
    "InaccessiblePaths=/srv/apps",
    "InaccessiblePaths=/srv\nInaccessiblePaths=",
    "SystemCallErrorNumber=EPERM\nSystemCallFilter=~@network-io\nSystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM\nSystemCallFilter=~@privileged @resources",
    "RestartSec=5min",
  ])("does not take %j for a limit, or for a folder, that keeps Node from running", (lines) => {
    const text = cleanPair["app.service"]!.replace("NonBlocking=true", () => lines);
    expect(codesOf(lintUnits({ ...cleanPair, "app.service": text }))).toEqual([]);
  });

  it.each([
    ["LimitAS=512M\nTasksMax=2\nMemoryMax=10M", "/usr/local/bin/hello"],
    ["LimitNPROC=2", "/usr/local/bin/hello"],
  ])("does not measure another program by what Node needs: %j", (lines, program) => {
    const text = cleanPair["app.service"]!.replace("NonBlocking=true", lines).replace(
      "/usr/bin/node /srv/app/server.js",
      program,
    );
    expect(codesOf(lintUnits({ ...cleanPair, "app.service": text }))).toEqual([]);
  });

  const program = "ExecStart=/usr/bin/node /srv/app/server.js";
  it.each<[string, Finding["code"], string, string]>([
    ["siblings", "unit-misspelled", "Requires=app.socket", "Requires=app.socket apq.socket"],
    ["a target of this machine", "unit-misspelled", "WantedBy=sockets", "WantedBy=pockets"],
    [
      "a unit that a target needs",
      "stop-when-unneeded",
      "[Install]",
      "[Install]\nWantedBy=multi-user.target\n[Unit]\nStopWhenUnneeded=yes",
    ],
    [
      "a program that keeps the rights of root",
      "program-hidden",
      program,
      "ExecStart=+/usr/bin/node /srv/app/server.js\nInaccessiblePaths=/srv/app",
    ],
    [
      "a program that keeps the rights of root",
      "root-closed",
      program,
      "ExecStart=!/usr/bin/node /root/app/server.js",
    ],
    ["a folder that may be missing", "root-closed", program, `${program}\nWorkingDirectory=-/root`],
    [
      "the /root of an image",
      "root-closed",
      program,
      "ExecStart=/usr/bin/node /root/app/server.js\nRootDirectory=/srv/image",
    ],
    ["as much as Node 20 needs", "limit-low", program, `${program}\nLimitAS=1G`],
    ["a signal that is never sent", "reload-signal", program, `${program}\nType=exec\nReloadSignal=SIGTERM`],
    ["a path with a space", "exec-quoted", program, 'ExecStart="/opt/Acme - Shop/bin/server"'],
    ["a path with a space", "exec-quoted", program, 'ExecStart="/srv/node apps/app/server"'],
    ["a unit of another package", "unit-missing", "[Unit]", "[Unit]\nRequires=redis.service docker.socket"],
    ["an alert for all services", "unit-missing", "[Unit]", "[Unit]\nOnFailure=alert@%n.service"],
    ["a target of the system", "target-missing", "[Unit]", "[Unit]\nAfter=network-online.target"],
    ["a descriptor", "sockets-unused", program, "ExecStart=/srv/app/bin/uvicorn app:app --fd 3"],
    ["a descriptor", "sockets-unused", program, "ExecStart=/usr/bin/python3 -m hypercorn -b fd://3 app:app"],
    [
      "a descriptor",
      "sockets-unused",
      program,
      "ExecStart=/srv/app/bin/uvicorn app:app\nEnvironment=UVICORN_FD=3",
    ],
    ["an old PID file", "socket-file-removed", program, `ExecStartPre=/bin/rm -f /run/app.pid\n${program}`],
    [
      "an interface that the socket waits for",
      "scope-early",
      "=80",
      "=[fe80::1]:80%%eth0\nBindToDevice=eth0",
    ],
    [
      "the owner's group",
      "socket-closed",
      "=80",
      "=/run/a\nSocketMode=0600\nSocketUser=ann\nSocketGroup=ann",
    ],
    ["a folder of the owner", "socket-closed", "=80", "=/run/app/a\nSocketMode=0600\nDirectoryMode=0700"],
    [
      "one file among the addresses",
      "socket-mode-unused",
      "=80",
      "=80\nListenStream=/run/a\nSocketMode=0600",
    ],
    ["a restart each day", "runtime-max", program, `${program}\nRuntimeMaxSec=1d`],
    ["half a CPU", "limit-tiny", program, `${program}\nCPUQuota=50%\nLimitCPU=infinity`],
    ["a ban on files", "limit-tiny", program, `${program}\nLimitFSIZE=0\nStandardOutput=journal`],
    [
      "shown libraries",
      "program-hidden",
      program,
      `${program}\nNoExecPaths=/\nExecPaths=/usr/bin/node /usr/lib`,
    ],
    [
      "a program without the sandbox",
      "jit-killed",
      program,
      "ExecStart=+/usr/bin/node /a.js\nMemoryDenyWriteExecute=yes",
    ],
    [
      "a program without the sandbox",
      "home-hidden",
      program,
      "ExecStart=+/usr/bin/node /home/a.js\nProtectHome=yes",
    ],
    ["a prefix of old kernels", "user-root", program, "ExecStart=!!/usr/bin/node /srv/app/server.js"],
    ["an escaped variable", "exec-syntax", program, `${program} $\${MODE:-fast}`],
    ["a list on two lines", "continuation-broken", program, `${program}\nEnvironment=A=1 \\\nUSER=ann`],
    [
      "a job that is tried again",
      "type-unfit",
      `${program}\nDynamicUser=yes\nRestart=always`,
      "ExecStart=/usr/bin/job\nType=oneshot\nRestart=on-failure",
    ],
  ])("takes %s for no fault: %s", (_title, code, from, to) => {
    const files = Object.entries(cleanPair).map(([name, text]) => [name, text?.replace(from, () => to)]);
    expect(files).not.toEqual(Object.entries(cleanPair));
    expect(codesOf(lintUnits(Object.fromEntries(files) as Record<string, string>))).not.toContain(code);
  });

  it("lets a job have no network", () => {
    const job = `[Service]\nType=oneshot\n${program}\nDynamicUser=yes\nSystemCallFilter=~@network-io\n`;
    expect(codesOf(lintUnits({ "job.service": job }))).not.toContain("system-call-needed");
  });

  it("takes siblings for two sockets, and not for one with a wrong name", () => {
    const service = (socket: string) => cleanPair["app.service"]!.replaceAll("app.socket", socket);
    const codes = (own: string, required: string) =>
      codesOf(
        lintUnits({ [`${own}.socket`]: cleanPair["app.socket"]!, [`${own}.service`]: service(required) }),
      );
    expect(codes("app-http", "app-https.socket")).not.toContain("unit-misspelled");
    expect(codes("app1", "app2.socket")).not.toContain("unit-misspelled");
    expect(codes("my-shop", "my-shpo.socket")).toContain("unit-misspelled");
    expect(codes("miniflux", "mniflux.socket")).toContain("unit-misspelled");
  });

  it("knows no cycle for the service of one connection", () => {
    const files = {
      "a.socket": "[Socket]\nListenStream=80\nAccept=yes\n[Install]\nWantedBy=sockets.target\n",
      "a@.service": "[Unit]\nBefore=a.socket\n[Service]\nExecStart=/usr/bin/handler\nStandardInput=socket\n",
    };
    expect(codesOf(lintUnits(files))).not.toContain("order-cycle");
  });

  it("knows no cycle at boot for a socket that nothing starts there", () => {
    const after = cleanPair["app.socket"]!.replace("[Unit]", "[Unit]\nAfter=multi-user.target");
    const codes = (text: string) => codesOf(lintUnits({ ...cleanPair, "app.socket": text }));
    expect(codes(after)).toContain("order-cycle");
    expect(codes(after.replace(/\[Install\][^]*/, ""))).not.toContain("order-cycle");
  });

  it("reads drop-ins with the unit, and points into them", () => {
    const files = {
      ...cleanPair,
      "/etc/systemd/system/app.service.d/20-late.conf": "[Service]\nMemoryDenyWriteExecute=no\n",
      "/etc/systemd/system/app.service.d/10-early.conf": "[Service]\nMemoryDenyWriteExecute=yes\nUser=root\n",
      "/etc/systemd/system/service.d/15.conf": "[Service]\nDynamicUser=no\n",
    };
    expect(lintUnits(files)).toMatchObject([
      { file: "/etc/systemd/system/app.service.d/10-early.conf", line: 3, code: "user-root" },
    ]);
  });

  it("finds one fault in a program once, and none in a path behind env", () => {
    const codes = (exec: string) =>
      codesOf(
        lintUnits({
          ...cleanPair,
          "app.service": cleanPair["app.service"]!.replace(/^ExecStart=.*/m, `ExecStart=${exec}`),
        }),
      );
    expect(codes("npm start")).toEqual(["exec-launcher"]);
    expect(codes("/usr/bin/env NODE_ENV=production /opt/node/bin/node /srv/app/server.js")).toEqual([]);
    expect(codes("/usr/bin/node /srv/forever.js")).toEqual([]);
  });

  const exec = (command: string) =>
    codesOf(
      lintUnits({
        ...cleanPair,
        "app.service": cleanPair["app.service"]!.replace(/^ExecStart=.*/m, () => `ExecStart=${command}`),
      }),
    );

  it.each([
    "/usr/bin/node --import file:///srv/app/node_modules/tsx/dist/loader.mjs /srv/app/server.ts",
    "/usr/bin/node -r /srv/app/node_modules/dotenv/config.js --env-file=/etc/app.env /srv/app/server.js --watch",
    "/usr/bin/node /srv/app/node_modules/.bin/../vite/bin/vite.js",
    "/srv/app/node_modules/.bin/ts-node /srv/app/server.ts",
    "/srv/app/server.mjs",
    "/usr/bin/bash -c '/usr/bin/node /srv/app/server.js'",
    "/bin/sh -c 'cd /srv/app && exec /usr/bin/node server.js > /var/log/app.log'",
    "/usr/bin/env -u HOME NODE_ENV=production /usr/bin/node /srv/app/server.js",
    "/usr/bin/env -u HOME -C /srv/app /usr/bin/node /srv/app/server.js",
    "/usr/bin/env -S /usr/bin/node --no-warnings /srv/app/server.js",
    "/usr/bin/node /srv/app/server.js 'a && b' a|b --glob=*.json",
    "/usr/bin/node -e 'setInterval(Object, 1e3)'",
  ])("says nothing of a program that keeps its sockets: %s", (command) => {
    expect(exec(command)).toEqual([]);
  });

  it("reads a program with a script's name, or behind env or a shell, as Node", () => {
    const node = (command: string) =>
      codesOf(
        lintUnits({
          ...cleanPair,
          "app.service": cleanPair["app.service"]!.replace(
            /^ExecStart=.*/m,
            () => `ExecStart=${command}`,
          ).replace("DynamicUser=yes\n", ""),
        }),
      ).includes("user-root");
    for (const command of [
      "/srv/app/server.js",
      "/srv/app/bin/www.cjs",
      "/usr/bin/env -i node /srv/app/server.js",
      "/usr/bin/env -S node /srv/app/server.js",
      "/bin/bash -lc 'source /etc/profile; node /srv/app/server.js'",
      "/bin/sh -c 'exec npm start'",
      "/usr/bin/doppler run -- node /srv/app/server.js",
    ]) {
      expect([command, node(command)]).toEqual([command, true]);
    }
    for (const command of [
      "/usr/bin/python3 /srv/app/server.py",
      "/bin/sh -c 'cd /srv/node && ./run'",
      "/usr/bin/doppler run -- gunicorn app:app",
    ]) {
      expect([command, node(command)]).toEqual([command, false]);
    }
  });

  it("has a finding for sudo and the like before any program that is passed sockets", () => {
    expect(exec("/usr/bin/doppler run -- /usr/bin/gunicorn app:app")).toContain("exec-launcher");
    expect(exec("/usr/bin/gunicorn app:app")).not.toContain("exec-launcher");
  });

  it.each([
    [
      "Restart=always\nRestartPreventExitStatus=42\nSuccessExitStatus=42\nEnvironment=SOCKACT_IDLE_EXIT_STATUS=42",
      [],
    ],
    [
      "Restart=always\nRestartPreventExitStatus=42\nEnvironment=SOCKACT_IDLE_EXIT_STATUS=42 SOCKACT_IDLE_TIMEOUT=5min",
      [],
    ],
    ["Restart=always\nEnvironment=SOCKACT_IDLE_TIMEOUT=no", []],
    ["Restart=always\nEnvironment=SOCKACT_IDLE_TIMEOUT=no SOCKACT_IDLE_EXIT_STATUS=42", []],
    ["Restart=on-failure\nEnvironment=SOCKACT_IDLE_TIMEOUT=5min", ["clean-exit-spins"]],
    ["Restart=on-success\nEnvironment=SOCKACT_IDLE_TIMEOUT=5min", ["crash-spins", "idle-restart"]],
    [
      "Restart=always\nRestartPreventExitStatus=SUCCESS\nEnvironment=SOCKACT_IDLE_TIMEOUT=5min",
      ["clean-exit-spins"],
    ],
    [
      "Restart=no\nRestartForceExitStatus=0\nEnvironment=SOCKACT_IDLE_TIMEOUT=5min",
      ["crash-spins", "idle-restart"],
    ],
    [
      "Restart=on-failure\nSuccessExitStatus=42\nRestartForceExitStatus=0\nEnvironment=SOCKACT_IDLE_EXIT_STATUS=42",
      [],
    ],
  ])("knows when a sleeper stays asleep: %j", (lines, expected) => {
    const service = cleanPair["app.service"]!.replace("Restart=always", () => lines);
    expect(codesOf(lintUnits({ ...cleanPair, "app.service": service }))).toEqual(expected);
  });

  it("says nothing of the start limit if restarts are too slow to reach it", () => {
    const service = cleanPair["app.service"]!.replace("StartLimitIntervalSec=0\n", "").replace(
      "RestartSec=1s",
      "RestartSec=3s",
    );
    expect(lintUnits({ ...cleanPair, "app.service": service })).toEqual([]);
  });

  const swapped = (...swaps: [from: string, to: string][]) =>
    codesOf(
      lintUnits({
        ...cleanPair,
        "app.service": swaps.reduce(
          (text, [from, to]) => text.replace(from, () => to),
          cleanPair["app.service"]!,
        ),
      }),
    );

  it("does not take a start limit in the wrong section for one that counts", () => {
    const lines = (text: string) =>
      swapped(["StartLimitIntervalSec=0\n", ""], ["RestartSec=1s", `RestartSec=0\n${text}`]);
    expect(lines("StartLimitIntervalSec=0")).toEqual(["start-limit", "directive-misplaced"]);
    // systemd still reads the old names under [Service].
    expect(lines("StartLimitInterval=0")).toEqual(["restart-fast"]);
    expect(lines("StartLimitBurst=0")).toEqual(["restart-fast"]);
  });

  it("does not take a directive in the wrong section for [Install]", () => {
    const text = cleanPair["app.socket"]!.replace("WantedBy=sockets.target", "Backlog=10");
    expect(codesOf(lintUnits({ ...cleanPair, "app.socket": text }))).toEqual([
      "socket-not-installed",
      "directive-misplaced",
    ]);
  });

  it.each([
    ["always", "2s", false],
    ["on-failure", "5s", false],
    ["always", "1500ms", true],
    ["on-abnormal", "5s", true],
  ])(
    "finds a start limit that restarts can reach: Restart=%s and RestartSec=%s",
    (policy, delay, reached) => {
      const codes = swapped(
        ["StartLimitIntervalSec=0\n", ""],
        ["Restart=always", `Restart=${policy}`],
        ["RestartSec=1s", `RestartSec=${delay}`],
      );
      expect(codes.includes("start-limit")).toBe(reached);
    },
  );

  it.each([
    ["~@cpu-emulation @debug", false],
    ["~@resources", false],
    ["~@pkey", true],
    ["~@debug pkey_alloc", true],
    ["~pkey_alloc:EPERM", false],
    ["@system-service", true],
    ["@system-service @pkey", false],
    ["@system-service @pkey\nSystemCallFilter=~pkey_alloc", true],
    ["@system-service\nSystemCallErrorNumber=kill", true],
  ])("finds a filter that kills Node for a call that Node does not need: %j", (filter, kills) => {
    const codes = swapped(["NonBlocking=true", `SystemCallFilter=${filter}`]);
    expect(codes).toEqual(kills ? ["system-call-kills"] : []);
  });

  it("takes BindIPv6Only=yes for ipv6-only", () => {
    const addresses = (only: string) =>
      cleanPair["app.socket"]!.replace(
        "ListenStream=80",
        `ListenStream=80\nListenStream=0.0.0.0:80\nBindIPv6Only=${only}`,
      );
    const codes = (only: string) => codesOf(lintUnits({ ...cleanPair, "app.socket": addresses(only) }));
    expect(codes("yes")).toEqual([]);
    expect(codes("no")).toEqual(["address-conflict"]);
  });

  it.each([
    ["ListenStream=80\nListenStream=0.0.0.0:80", "BindIPv6Only=ipv6-only"],
    ["ListenStream=0.0.0.0:80\nListenStream=[::]:80", "BindIPv6Only=ipv6-only"],
    ["ListenStream=80\nListenStream=80", "remove one of them"],
    ["ListenStream=[::]:80\nListenStream=[::1]:80", "remove one of them"],
  ])("has a fix for addresses that conflict, which keeps both if they can be open: %j", (addresses, fix) => {
    const text = cleanPair["app.socket"]!.replace("ListenStream=80", addresses);
    expect(lintUnits({ ...cleanPair, "app.socket": text })).toMatchObject([
      { code: "address-conflict", fix },
    ]);
  });

  it.each([
    ["app.socket", "[Socket]", "ListenSteam=81", "ListenStream=81"],
    ["app.service", "[Service]", "RestartSecs=2s", "RestartSec=2s"],
    ["app.service", "[Unit]", "Descripton=a = b", "Description=a = b"],
    ["app.service", "[Service]", "Zebra=1", "remove it"],
    ["app.socket", "[Socket]", "Listen=81", "ListenStream=81"],
  ])(
    "suggests the directive that a misspelled one means, with its value: %s %s %s",
    (file, section, line, fix) => {
      const text = cleanPair[file]!.replace(`${section}\n`, `${section}\n${line}\n`);
      expect(lintUnits({ ...cleanPair, [file]: text })).toMatchObject([{ code: "directive-unknown", fix }]);
    },
  );

  it("takes any CID of vsock(7), but not any port", () => {
    const codes = (address: string) =>
      codesOf(
        lintUnits({
          ...cleanPair,
          "app.socket": cleanPair["app.socket"]!.replace("=80", `=80\nListenStream=${address}`),
        }),
      );
    expect(codes("vsock:4294967295:3000")).toEqual([]);
    expect(codes("vsock:2:4294967295")).toEqual(["address-invalid"]);
  });

  it.each([
    ["/usr/bin/node /srv/app/server.js --cache /tmp/x", []],
    ["/usr/bin/node --redirect-warnings=/tmp/w /srv/app/server.js /var/tmp", []],
    ["/tmp/node /srv/app/server.js", ["temporary-hidden"]],
    ["/usr/bin/node /var/tmp/server.js", ["temporary-hidden"]],
  ])("finds what a private /tmp hides, and not what your app may make there: %s", (command, expected) => {
    expect(exec(command)).toEqual(expected);
  });

  it.each([
    ["${SCRIPT}", []],
    ["${APP}/server.js", []],
    ["$SCRIPT", []],
    // The home of root, which only root may enter.
    ["%h/server.js", ["root-closed"]],
    ["$SCRIPT/server.js", ["script-relative"]],
    ["$$SCRIPT", ["script-relative"]],
  ])("does not take a variable for a relative path: %s", (script, expected) => {
    expect(exec(`/usr/bin/node ${script}`)).toEqual(expected);
  });

  it("takes a # at the very end of a value for the value", () => {
    expect(exec("/usr/bin/node /srv/app/server.js --separator #")).toEqual([]);
    expect(swapped(["NonBlocking=true", "Environment=A=1 #"])).toEqual(["value-invalid"]);
    expect(exec("/usr/bin/node /srv/app/server.js # the app")).toEqual(["comment-inline"]);
  });

  it("has one finding for a socket that the service does not require and may not be passed", () => {
    const other = cleanPair["app.socket"]!.replace(
      "ListenStream=80",
      "ListenStream=81\nService=app.service\nFileDescriptorName=api",
    );
    const files = {
      "app.socket": cleanPair["app.socket"]!.replace("=80", "=80\nFileDescriptorName=http"),
      "api.socket": other,
      "app.service": cleanPair["app.service"]!.replace("Also=app.socket", "Also=app.socket api.socket"),
    };
    expect(codesOf(lintUnits(files))).toEqual(["requires-missing"]);
    // With two sockets, the one that fails would close the port of the other.
    expect(fixUnits(files)).toEqual(files);
    const template = {
      "app.socket": cleanPair["app.socket"]!.replace("=80", "=80\nService=app@blue.service"),
      "app@.service": cleanPair["app.service"]!.replace("Requires=app.socket\nAfter=app.socket\n", ""),
    };
    expect(codesOf(lintUnits(template))).toEqual(["sockets-missing"]);
    // A socket of each instance would get the ports of the others.
    expect(fixUnits(template)).toEqual(template);
    const named = template["app@.service"].replace("[Service]", "[Service]\nSockets=app.socket");
    expect(lintUnits({ ...template, "app@.service": named })).toEqual([]);
  });

  it.each([
    ["PartOf=app.service", true],
    ["BindsTo=app.service", true],
    ["StopPropagatedFrom=app.service", true],
    ["PartOf=other.service", false],
  ])("finds a socket that closes its port at each restart of its service: %s", (line, closes) => {
    const socket = cleanPair["app.socket"]!.replace("Description=App socket", line);
    const [finding, ...others] = lintUnits({ ...cleanPair, "app.socket": socket });
    expect([finding?.code, finding?.edits, others]).toEqual([
      closes ? "socket-stops-along" : undefined,
      undefined,
      [],
    ]);
  });

  it("suggests Requires= in place of PartOf= only if the service does not require the socket", () => {
    const fixOf = (service: string) => {
      const socket = cleanPair["app.socket"]!.replace("Description=App socket", "PartOf=app.service");
      const findings = lintUnits({ "app.socket": socket, "app.service": service });
      return findings.find(({ code }) => code === "socket-stops-along")?.fix;
    };
    const service = cleanPair["app.service"]!;
    expect(service).toContain("Requires=app.socket");
    expect(fixOf(service)).toBe("remove app.service from PartOf=");
    expect(fixOf(service.replace("Requires=app.socket", ""))).toBe(
      "remove app.service from PartOf=, and write Requires=app.socket in the service",
    );
  });

  it("finds a command in a socket that systemd refuses", () => {
    const socket = cleanPair["app.socket"]!.replace("=80", "=80\nExecStartPre=bin/mkdir /run/app");
    expect(codesOf(lintUnits({ ...cleanPair, "app.socket": socket }))).toEqual(["command-refused"]);
  });

  it("says nothing of the trigger limit if systemd restarts the service itself, and has no fix for it otherwise", () => {
    const socket = cleanPair["app.socket"]!.replace("TriggerLimitIntervalSec=0\n", "");
    expect(lintUnits({ ...cleanPair, "app.socket": socket })).toEqual([]);
    const service = cleanPair["app.service"]!.replace("Restart=always", "Restart=on-failure");
    const [limit] = lintUnits({ "app.socket": socket, "app.service": service }).filter(
      ({ code }) => code === "trigger-limit",
    );
    expect(limit!.edits).toBe(undefined);
    expect(limit!.fix).toMatch(/Restart=always.*TriggerLimitIntervalSec=0/);
  });

  it("says nothing of the sockets of a daemon that only its socket starts, nor of one that its socket requires", () => {
    const files = {
      "ssh.socket":
        "[Unit]\nBefore=ssh.service\n[Socket]\nListenStream=22\n[Install]\nWantedBy=sockets.target\nRequiredBy=ssh.service\n",
      "ssh.service": "[Service]\nExecStart=/usr/sbin/sshd -D\n",
    };
    expect(lintUnits(files)).toEqual([]);
    const node = files["ssh.service"].replace("/usr/sbin/sshd -D", "/usr/bin/node /srv/ssh.js");
    expect(codesOf(lintUnits({ ...files, "ssh.service": node }))).not.toContain("requires-missing");
  });

  it("takes the unit of /etc for the one of /usr/lib, and the drop-ins of all folders", () => {
    const vendor = cleanPair["app.service"]!.replace("DynamicUser=yes", "User=root");
    const files = {
      "/usr/lib/systemd/system/app.socket": cleanPair["app.socket"]!,
      "/usr/lib/systemd/system/app.service": vendor,
      "/etc/systemd/system/app.service": cleanPair["app.service"]!,
      "/run/systemd/system/app.service": vendor,
    };
    expect(lintUnits(files)).toEqual([]);
    const dropIns = {
      ...files,
      "/usr/lib/systemd/system/app.service.d/a.conf": "[Service]\nKillMode=none\n",
      "/usr/lib/systemd/system/app.service.d/b.conf": "[Service]\nType=forking\n",
      "/etc/systemd/system/app.service.d/b.conf": "[Service]\nType=exec\n",
    };
    expect(lintUnits(dropIns)).toMatchObject([
      { file: "/usr/lib/systemd/system/app.service.d/a.conf", code: "kill-mode" },
    ]);
  });

  it.each(["%I", "%I:80", "[%I]:80", "127.0.0.1:%i"])(
    "leaves an address alone that an instance of a template fills in: %s",
    (address) => {
      const files = {
        "app@.socket": cleanPair["app.socket"]!.replace("=80", `=${address}`),
        "app@.service": cleanPair["app.service"]!.replaceAll("app.socket", "app@%i.socket"),
      };
      expect(codesOf(lintUnits(files))).not.toContain("address-invalid");
    },
  );

  it.each([
    ["http://localhost:80", "ListenStream=127.0.0.1:80 for this machine alone, or ListenStream=80"],
    ["tcp://0.0.0.0:80", "ListenStream=80"],
    ["tcp://10.0.0.5:80", "ListenStream=10.0.0.5:80"],
    ["80,443", "ListenStream=80 and ListenStream=443, each on its own line"],
    ["80 443", "ListenStream=80 and ListenStream=443, each on its own line"],
  ])("says what to write for ListenStream=%s", (address, fix) => {
    const socket = cleanPair["app.socket"]!.replace("=80", `=${address}`);
    const findings = lintUnits({ ...cleanPair, "app.socket": socket });
    expect(findings.find(({ code }) => code === "address-invalid")).toMatchObject({ fix });
    for (const [line] of fix.matchAll(/ListenStream=[\d.:]+/g)) {
      const fixed = cleanPair["app.socket"]!.replace("ListenStream=80", line);
      expect(codesOf(lintUnits({ ...cleanPair, "app.socket": fixed }))).not.toContain("address-invalid");
    }
  });

  it.each([
    ["ListenStream=80", "put it under [Socket] in app.socket"],
    ["Accept=yes", "put it under [Socket] in app.socket"],
  ])("says where %s belongs that stands in the service", (line, fix) => {
    const service = cleanPair["app.service"]!.replace("NonBlocking=true", line);
    expect(lintUnits({ ...cleanPair, "app.service": service })).toMatchObject([
      { code: "directive-unknown", fix },
    ]);
  });

  it("knows the folder of the service, however the socket names it", () => {
    const service = cleanPair["app.service"]!.replace("NonBlocking=true", "RuntimeDirectory=app");
    const codes = ["/run/app/app.sock", "%t/app/app.sock", "%t/other/app.sock"].map((path) => {
      const socket = cleanPair["app.socket"]!.replace("=80", `=${path}`);
      return codesOf(lintUnits({ "app.service": service, "app.socket": socket }));
    });
    expect(codes.map((each) => each.includes("runtime-directory"))).toEqual([true, true, false]);
  });

  it("knows whether a stop leaves time for the drain of 10 s", () => {
    const codes = ["10s", "11s"].map((time) => {
      const service = cleanPair["app.service"]!.replace("NonBlocking=true", `TimeoutStopSec=${time}`);
      return codesOf(lintUnits({ ...cleanPair, "app.service": service }));
    });
    expect(codes).toEqual([["stop-timeout"], []]);
  });

  it("says a number of seconds with its unit", () => {
    const service = cleanPair["app.service"]!.replace("NonBlocking=true", "TimeoutStopSec=5");
    expect(lintUnits({ ...cleanPair, "app.service": service })).toMatchObject([
      { code: "stop-timeout", message: "it is killed after 5s, and drains for 10s" },
    ]);
  });

  it.each<[unknown, string]>([
    [null, "files must be an object of file contents by file name; got null"],
    [undefined, "files must be an object of file contents by file name; got undefined"],
    [5, "files must be an object of file contents by file name; got a value of type number"],
    ["[Unit]", "files must be an object of file contents by file name; got a value of type string"],
    [["[Unit]"], "files must be an object of file contents by file name; got an array"],
    [{ "a.service": undefined }, 'files["a.service"] must be a string with the content; got undefined'],
    [
      { "a.service": Buffer.from("x") },
      'files["a.service"] must be a string with the content; got a value of type object',
    ],
  ])("says what to pass instead of %j", (files, message) => {
    for (const call of [lintUnits, fixUnits]) {
      expect(() => call(files as Record<string, string>)).toThrow(new TypeError(message));
    }
  });

  it("says nothing of directives and values that later versions have added", () => {
    const service = cleanPair["app.service"]!.replace(
      "[Unit]\n",
      "[Unit]\nConditionPathIsSocket=/run/db.sock\nAssertPathIsSocket=/run/db.sock\n",
    ).replace(
      "NonBlocking=true\n",
      "NonBlocking=true\nBindNetworkInterface=eth0\nFileDescriptorStorePreserve=on-success\nPrivateUsers=managed\nMemoryTHP=never\nExecReloadPost=/bin/true\n",
    );
    const socket = cleanPair["app.socket"]!.replace("TriggerLimitIntervalSec=0\n", "");
    const slice = "[Slice]\nActivatingConcurrencyMax=2\n";
    const files = { "app.service": service, "app.socket": socket, "web.slice": slice };
    expect(lintUnits(files)).toEqual([]);
  });

  it.each([
    ["ExecStart=/usr/bin/node /srv/app/\u202eserver.js", "\\u202e", ["value-invisible"]],
    ["SyslogIdentifier=app\u200b", "\\u200b", ["value-invisible"]],
    ["Environment=A=\u{e0041}b", "\\u{e0041}", ["value-invisible"]],
    ["TimeoutStopSec=5\u200bs", "\\u200b", ["value-invalid", "value-invisible"]],
  ])("shows the invisible characters of %j", (line, escaped, codes) => {
    const text = cleanPair["app.service"]!.replace(/^NonBlocking=true/m, `$&\n${line}`);
    const files = line.startsWith("ExecStart=")
      ? { "app.service": text.replace(/^ExecStart=.*\n/m, "") }
      : { "app.service": text };
    const findings = lintUnits({ ...cleanPair, ...files });
    expect(codesOf(findings)).toEqual(codes);
    for (const { message } of findings) expect(message).toContain(escaped);
    expect(findings.at(-1)!.fix).toBe(line.replace(/[^ -~]/u, ""));
  });

  it("accepts a right-to-left mark in a description, and the joiners of emoji", () => {
    const text = cleanPair["app.service"]!.replace("Description=App", "Description=\u05d0\u200f!").replace(
      "NonBlocking=true",
      "NonBlocking=true\nEnvironment=A=\u{1f469}\u200d\u{1f4bb}",
    );
    expect(lintUnits({ ...cleanPair, "app.service": text })).toEqual([]);
  });

  it("knows a user's units by their folder, or is told", () => {
    const unit = cleanPair["app.service"]!.replace(
      "DynamicUser=yes\n",
      "Type=notify\nOpenFile=/run/systemd/notify:notify\n",
    );
    const socket = cleanPair["app.socket"]!.replace("=80\n", "=8080\n");
    const files = { "app.socket": socket, "app.service": unit };
    expect(codesOf(lintUnits(files))).toEqual(["user-root"]);
    expect(codesOf(lintUnits(files, { user: true }))).toEqual(["open-file-path"]);
    const inHome = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`/home/me/.config/systemd/user/${name}`, text]),
    );
    expect(codesOf(lintUnits(inHome))).toEqual(["open-file-path"]);
  });

  it("checks only the syntax of a Quadlet's .container, and of what it does not know", () => {
    const container = "[Container]\nImage=docker.io/library/node\nPublishPort=80:80\n";
    expect(lintUnits({ "app.container": container })).toEqual([]);
    expect(codesOf(lintUnits({ "app.container": `${container}Network none\n` }))).toEqual(["line-ignored"]);
  });

  it("accepts any strings, never throws, and fixes each finding that has edits", () => {
    const lines = Object.values(cleanPair)
      .concat(faults.flatMap((fault) => Object.values(faulty(fault))))
      .flatMap((text) => text.split("\n"));
    const text = fc
      .array(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom(...lines) },
          { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
        ),
        { maxLength: 20 },
      )
      .map((parts) => parts.join("\n"));
    fc.assert(
      fc.property(text, text, text, (service, socket, dropIn) => {
        const files = { "app.service": service, "app.socket": socket, "app.service.d/a.conf": dropIn };
        const mended = fixUnits(files);
        expect(lintUnits(mended).filter(({ edits }) => edits !== undefined)).toEqual([]);
      }),
      { seed: 20_250_403, numRuns: 25 },
    );
  });
});
