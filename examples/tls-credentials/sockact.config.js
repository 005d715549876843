const name = "example-tls-credentials";
const [key, cert] = [`/etc/${name}/key.pem`, `/etc/${name}/cert.pem`];

/** @type {import("@sockact/units").AppDescription} */
export default {
  name,
  description: "Express over HTTPS",
  exec: ["node", "./server.js"],
  sockets: [{ name: "https", listen: 443 }],
  type: "notify",
  // systemd reads the files as root, and gives the service copies of them.
  credentials: { "key.pem": key, "cert.pem": cert },
  // The service's own folder in /run. No other user can open it, and it is removed when the service stops.
  runtimeDirectory: name,
  runtimeDirectoryMode: "0700",
  runtimeDirectoryPreserve: "no",
  execReload: [
    // Only root can read the renewed files, so root copies them into the folder. Then the app reads them again.
    { command: ["/usr/bin/install", "--mode=444", key, cert, `/run/${name}`], privileged: true },
    ["/bin/kill", "-HUP", { variable: "MAINPID" }],
  ],
  hardening: "inbound",
};
