// The examples of docs/hardening.md. `npm run docs:generate` copies each region into the page.
import { emitUnits } from "../src/index.ts";

// #region choose
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  hardening: "inbound",
  sockets: [{ listen: 80 }],
});
// #endregion choose

// #region loosen
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  hardening: {
    profile: "outbound",
    restrictNamespaces: ["user"],
    protectHome: "read-only",
    privateIPC: false,
  },
  sockets: [{ listen: 80 }],
});
// #endregion loosen

// #region addresses
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  hardening: {
    profile: "outbound",
    ipAddressDeny: true,
    ipAddressAllow: ["localhost", "10.0.0.5"], // the database
  },
  sockets: [{ listen: 80 }],
});
// #endregion addresses

// #region folders
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  user: "shop",
  cacheDirectory: "shop",
  readWritePaths: ["/srv/shop/data"],
  sockets: [{ listen: 80 }],
});
// #endregion folders

// #region credentials
emitUnits({
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  credentials: {
    "tls.key": "/etc/letsencrypt/live/example.org/privkey.pem",
    "db.password": { path: "/etc/shop/db.password.cred", encrypted: true },
    greeting: { value: "Hello" },
  },
  importCredentials: ["shop.*"],
  sockets: [{ listen: 80 }],
});
// #endregion credentials
