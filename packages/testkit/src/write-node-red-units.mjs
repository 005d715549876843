// #region all
import { writeFileSync } from "node:fs";
import { emitUnits } from "@sockact/units";

const units = emitUnits({
  name: "node-red",
  exec: ["/usr/bin/node", "/srv/node-red/node_modules/node-red/red.js", "--port", "80"],
  sockets: [{ listen: 80, noDelay: true }],
  preload: "/opt/sockact/node_modules/@sockact/register/dist/index.cjs",
  type: "notify",
});
for (const [file, text] of Object.entries(units)) writeFileSync(`/etc/systemd/system/${file}`, text);
// #endregion all
