// The examples of docs/units.md. `npm run docs:generate` copies each region into the page, and a test runs
// the page.
import { emitUnits } from "../src/index.ts";

// #region an-app-that-you-cant-change
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  preload: true,
  sockets: [{ listen: 80 }],
});
// #endregion an-app-that-you-cant-change

// #region several-ports
emitUnits({
  name: "shop",
  exec: ["/srv/shop/node_modules/.bin/next", "start"],
  workingDirectory: "/srv/shop",
  preload: { map: { 3000: "http", 3001: "admin" } },
  sockets: [
    { name: "http", listen: 80 },
    { name: "admin", listen: 8080 },
  ],
});
// #endregion several-ports

// #region a-faster-start
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  compileCache: true,
  sockets: [{ listen: 80 }],
});
// #endregion a-faster-start

// #region the-sandbox
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  hardening: { profile: "inbound", procSubset: "all", protectHome: "read-only", privateIPC: false },
  credentials: { "tls.key": "/etc/shop/tls.key" },
  cacheDirectory: "shop",
  sockets: [{ listen: 80 }],
});
// #endregion the-sandbox

// #region several-sockets
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  type: "notify-reload",
  credentials: {
    "key.pem": "/etc/letsencrypt/live/example.org/privkey.pem",
    "cert.pem": "/etc/letsencrypt/live/example.org/fullchain.pem",
  },
  sockets: [
    { name: "http", listen: 80 },
    { name: "https", listen: 443 },
  ],
});
// #endregion several-sockets

// #region ready-watchdog-stop-and-sleep
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  type: "notify",
  watchdogSec: "30s",
  drainTimeout: "30s",
  idleTimeout: "5min",
  sockets: [{ listen: 80 }],
});
// #endregion ready-watchdog-stop-and-sleep

// #region a-process-for-each-connection
emitUnits({
  name: "time",
  exec: ["/usr/bin/date"],
  inetd: true,
  sockets: [{ listen: 37, accept: true, maxConnections: 10 }],
});
// #endregion a-process-for-each-connection

// #region templates-and-expansion
emitUnits({
  name: "shop",
  template: true,
  exec: ["/usr/bin/node", "/srv/shop/server.js", { specifier: "--tenant=%i" }],
  execReload: [["/bin/kill", "-HUP", { variable: "MAINPID" }]],
  sockets: [{ listen: { specifier: "/run/shop/%i.sock" } }],
});
// #endregion templates-and-expansion

// #region the-service-manager-of-a-user
emitUnits({
  name: "notes",
  manager: "user",
  uid: 1000,
  type: "notify",
  exec: ["/usr/bin/node", "/home/me/notes/server.js"],
  sockets: [{ listen: 8080 }],
});
// #endregion the-service-manager-of-a-user

// #region directives-that-have-no-field
emitUnits({
  name: "shop",
  systemd: 255,
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  memoryMax: "512M",
  raw: { Service: { LimitRTPRIO: 5 } },
  sockets: [{ listen: 80, raw: { Socket: { PipeSize: "64K" } } }],
});
// #endregion directives-that-have-no-field

// #region in-a-container
emitUnits({
  name: "shop",
  container: { image: "registry.example/shop:1", volumes: ["/srv/shop:/data"] },
  hardening: "inbound",
  sockets: [{ listen: 80 }],
});
// #endregion in-a-container

// #region what-if-the-linter-is-wrong-about-my-app
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  killMode: "process",
  acknowledge: ["kill-mode"],
  sockets: [{ listen: 80 }],
});
// #endregion what-if-the-linter-is-wrong-about-my-app
