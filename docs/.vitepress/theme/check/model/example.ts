import type { UnitText } from "./split.ts";

/** A socket and a service with common mistakes, for readers who want to try the page. */
export const example: readonly UnitText[] = [
  {
    name: "shop.socket",
    text: `[Unit]
Description=The port of the shop
After=network-online.target

[Socket]
ListenStream=80

[Install]
WantedBy=sockets.target
`,
  },
  {
    name: "shop.service",
    text: `[Unit]
Description=The shop

[Service]
WorkingDirectory=/srv/shop
ExecStart=/usr/bin/npm start
Environment=NODE_ENV=production LISTEN_FDS=1
MemoryDenyWriteExecute=yes
SystemCallFilter=@system-service
Restart=always
RestartSec=1s
`,
  },
];
