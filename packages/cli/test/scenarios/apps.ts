// Apps that do not take their socket, do not become ready, or do not stay up.
import {
  express,
  heardBy,
  isReady,
  listensOn,
  node,
  notifying,
  onPort,
  type Scenarios,
  untilStarted,
  untilUnit,
  untilUp,
} from "./scenario.ts";

const launched = (name: string, server: string): string =>
  `Environment=HOME=/tmp\nExecStart=\nExecStart=${name.replace("SERVER", server)}`;
const listening = /^listening on/;
const npm = "/usr/bin/npm";
const script = JSON.stringify({ name: "shop", scripts: { start: `${node} server.mjs` } });
const takes = "app.use(systemdListen());";

export const apps: Scenarios = {
  express: { text: express(`${takes} ${listensOn(3000)}`), until: listening, finds: [] },

  // Launchers.
  becomes: {
    service: launched(`/bin/sh -c 'exec ${node} SERVER'`, "/srv/becomes/server.mjs"),
    until: isReady,
    finds: [],
  },
  shell: {
    text: onPort(3101),
    service: launched(`/bin/sh -c '${node} SERVER; true'`, "/srv/shell/server.mjs"),
    until: listening,
    finds: [
      {
        code: "launcher",
        message: /^systemd started sh \(process \d+\), and sh started the app/,
        evidence: /\n\d+ \S+ (?:\/srv\/shell\/)?server\.mjs$/m,
        copy: [/^ {2}ExecStart=\/\S+ \S*server\.mjs$/],
      },
    ],
  },
  watch: {
    text: express(`${takes} ${listensOn(3102)}`),
    service: launched(`${node} --watch SERVER`, "/srv/watch/server.mjs"),
    until: /SOCKACT_WARN_LAUNCHER/,
    finds: [
      {
        code: "launcher",
        message: /^systemd started node --watch \(process \d+\), and node --watch started the app/,
        evidence: /\n\[SOCKACT_WARN_LAUNCHER\] The sockets were passed to `node --watch/,
        copy: [/^ {2}ExecStart=\/\S+ \/srv\/watch\/server\.mjs$/],
      },
    ],
  },
  npm: {
    needs: npm,
    text: express(`${takes} ${listensOn(3103)}`),
    files: { "/srv/npm/package.json": script },
    service: launched(`${npm} --prefix /srv/npm start`, ""),
    until: /SOCKACT_WARN_LAUNCHER/,
    finds: [
      {
        code: "launcher",
        message: /^systemd started npm \(process \d+\), and npm started the app/,
        copy: [/^ {2}ExecStart=\/\S+ \S*server\.mjs$/],
      },
    ],
  },
  "npm-taken": {
    needs: npm,
    // Another process has this port.
    text: onPort(
      3100,
      `process.on("uncaughtException", (error) => console.error(error));\nsetInterval(() => {}, 1e6);`,
    ),
    files: { "/srv/npm-taken/package.json": script },
    service: launched(`${npm} --prefix /srv/npm-taken start`, ""),
    until: /EADDRINUSE/,
    finds: [{ code: "launcher" }, { code: "port-taken" }],
  },

  // The socket.
  forgotten: {
    text: onPort(3003),
    until: listening,
    finds: [
      {
        code: "socket-not-claimed",
        message:
          "systemd passed /run/forgotten.sock to the app, but the app does not accept connections on it. The app listens on [::]:3003 instead.",
        copy: [/app\.use\(systemdListen\(\)\)/, "systemctl restart forgotten.service"],
      },
    ],
  },
  itself: {
    description: { sockets: [{ listen: 8004 }] },
    text: onPort(8004),
    until: /EADDRINUSE|EACCES/,
    finds: [
      {
        code: "socket-not-claimed",
        message: /The app tries to open \[::\]:8004 itself, but itself\.socket has already opened it\./,
        evidence: /EADDRINUSE|EACCES/,
        source: "journal of itself.service",
      },
    ],
  },
  late: {
    text: express(`app.listen(3004, () => { console.log("listening"); ${takes} });`),
    until: /SOCKACT_WARN_UNCLAIMED/,
    finds: [
      {
        code: "socket-not-claimed",
        evidence: /\[SOCKACT_WARN_UNCLAIMED\].*systemdListen\(\) was called after listen\(\)/,
        fix: "Call systemdListen() before listen().",
      },
    ],
  },
  closure: {
    text: `${express(takes)}
      import { createServer } from "node:http";
      createServer((request, response) => app(request, response)).listen(3005);`,
    until: /SOCKACT_WARN_UNCLAIMED/,
    finds: [
      {
        code: "socket-not-claimed",
        message: /The app listens on \[::\]:3005 instead\./,
        fix: "wrapped in a function",
      },
    ],
  },
  second: {
    text: express(`${takes} ${listensOn(3008)} ${listensOn(3008)}`),
    until: /SOCKACT_WARN_NOT_LISTENING/,
    finds: [
      {
        code: "app-warning",
        severity: "warning",
        evidence: /^\[SOCKACT_WARN_NOT_LISTENING\]/,
        source: "journal of second.service",
      },
    ],
  },
  alone: {
    text: express(`${takes} ${listensOn(3002)}`),
    starts: "socket",
    without: /^(?:Requires|After|Sockets)=.*\n/gm,
    after: async (systemd) => {
      await systemd.stop("alone.socket");
      await systemd.start("alone.service");
      await systemd.waitForJournal("alone.service", listening, 60_000);
      // systemd refuses to start the socket of a service that runs.
      await systemd.run(["systemctl", "start", "alone.socket"]);
    },
    finds: [
      {
        code: "service-without-socket",
        unit: "alone.service",
        message:
          "alone.service runs without alone.socket. It does not require the socket, so it can be started alone.",
        evidence: /^LISTEN_FDS is not set$[^]*already active, refusing/m,
        source: "journal of alone.socket",
        copy: ["  Requires=alone.socket", "systemctl stop alone.service"],
      },
    ],
  },

  // An event loop that is blocked, before the app has come to its socket and later.
  busy: {
    listens: "void listen(server); for (;;);",
    service: "Nice=19",
    until: untilUp,
    finds: [
      {
        code: "event-loop-blocked",
        message: /^The event loop of process \d+ is blocked: /,
        evidence: /^The main thread ran for 1000 ms without a new connection$/,
        copy: [/systemctl kill --signal=KILL busy\.service$/],
      },
    ],
  },
  stuck: {
    // A request blocks it, so the next client waits.
    listens: `server.prependListener("request", ({ socket }) => { socket.write("blocked"); for (;;); }); await listen(server);`,
    service: "Nice=19",
    until: async (systemd, name) => {
      await systemd.waitForJournal(`${name}.service`, isReady, 60_000);
      await untilUp(systemd, name);
    },
    after: (systemd) => {
      const client = `const { connect } = require("node:net");
        const first = connect("/run/stuck.sock").once("data", () => connect("/run/stuck.sock", () => console.log("connected")));
        first.write("GET / HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n");`;
      const { stdout } = systemd.spawn([node, "--eval", client]);
      return new Promise((resolve) => stdout!.once("data", resolve));
    },
    finds: [
      {
        code: "event-loop-blocked",
        message: /^The event loop of process \d+ is blocked: /,
        evidence: /\nA client waits at \/run\/stuck\.sock$/,
      },
    ],
  },

  // Type=notify.
  notify: {
    text: express(listensOn(3006)),
    service: "Type=notify\nOpenFile=\nTimeoutStartSec=1s",
    until: /timed out/,
    finds: [
      {
        code: "never-ready",
        message: /notify\.service was not ready in time, and systemd stopped it\./,
        copy: [heardBy],
      },
    ],
  },
  unheard: {
    text: express(`${takes} app.listen(3000);`),
    service: "Type=notify\nTimeoutStartSec=1h\nOpenFile=",
    until: /SOCKACT_ERR_NOTIFY_ACCESS/,
    finds: [
      {
        code: "never-ready",
        message: /The app could not tell systemd that it is ready\./,
        copy: [heardBy],
      },
    ],
  },
  protocol: {
    text: "",
    service: "Type=notify",
    finds: [{ code: "never-ready", message: /protocol\.service ended before it was ready\./ }],
  },

  // Apps that end.
  ends: {
    text: `import { existsSync } from "node:fs";
      import { createServer } from "node:http";
      console.log("nothing to do");
      if (!existsSync("/run/corrected")) process.exit();
      createServer((_, response) => response.end()).listen({ fd: 3 });`,
    service: "Restart=always\nRestartSec=500ms",
    loops: true,
    until: untilStarted(6),
    finds: [
      {
        code: "restart-loop",
        message:
          /^ends\.service was started \d+ times in \d+ s\. It (?:ended without an error|exited with 0)\. A program that puts itself into the background/,
        evidence: /\nnothing to do$/,
      },
    ],
  },
  forks: {
    text: `import { spawn } from "node:child_process";
      spawn(process.execPath, ["--eval", "setInterval(() => {}, 1e6)"], { detached: true, stdio: "ignore" }).unref();`,
    service: "Restart=always\nRestartSec=500ms",
    loops: true,
    until: untilStarted(6),
    finds: [{ code: "restart-loop", message: /A program that puts itself into the background/ }],
  },
  unwatched: {
    text: "setInterval(() => {}, 1e6);",
    service: "WatchdogSec=500ms\nWatchdogSignal=KILL",
    finds: [
      {
        code: "service-failed",
        message:
          "unwatched.service has failed. It did not report to systemd's watchdog in time. SIGKILL ended its main process.",
        evidence: /^Result=watchdog$/m,
      },
    ],
  },
  restarted: {
    description: { type: "notify", ...notifying },
    until: isReady,
    after: async (systemd) => {
      for (let times = 0; times < 5; times += 1) await systemd.restart("restarted.service");
    },
    finds: [],
  },
  hurried: {
    // systemd logs no "Stopping" for a service that is still starting.
    text: "setInterval(() => {}, 1e6);",
    description: { type: "notify", ...notifying },
    until: untilUnit(".service", "ActiveState", "activating"),
    after: async (systemd) => {
      for (let times = 0; times < 5; times += 1) {
        await systemd.systemctl("stop", "hurried.service");
        await systemd.systemctl("start", "--no-block", "hurried.service");
        await systemd.waitForUnit("hurried.service", "ActiveState", "activating");
      }
      await systemd.systemctl("stop", "hurried.service");
    },
    finds: [],
  },
  sleepy: {
    // It ends before it accepts, with the status for sleep.
    text: "setTimeout(() => process.exit(42), 500);",
    service: "Restart=always\nRestartPreventExitStatus=42\nSuccessExitStatus=42",
    connects: true,
    until: untilStarted(6),
    finds: [
      {
        code: "idle-spin",
        severity: "warning",
        message: /started \d+ times in the last minute\. It (?:exited with 42|ended without an error)\./,
      },
    ],
  },
  repaired: {
    // It crashes again and again. Then it goes to sleep once.
    text: `import { appendFileSync, readFileSync } from "node:fs";
appendFileSync("/run/repaired/starts", ".");
process.exit(readFileSync("/run/repaired/starts", "utf8").length > 5 ? 42 : 1);`,
    service:
      "RuntimeDirectory=repaired\nRuntimeDirectoryPreserve=yes\nRestart=always\nRestartPreventExitStatus=42\nSuccessExitStatus=42",
    loops: true,
    until: untilUnit(".service", "ActiveState", "inactive"),
    finds: [],
  },
};
