// Compiled without the types of Node, because @sockact/units also runs in browsers.
import { type AppDescription, emitUnits, type Finding, lintUnits, UnitError } from "@sockact/units";

const description: AppDescription = {
  name: "app",
  exec: ["/usr/bin/node", "/srv/app.js"],
  sockets: [{ listen: 80 }],
};
const files: Record<string, string> = emitUnits(description);
const findings: readonly Finding[] = lintUnits(files);
if (findings.length > 0 || !(UnitError.prototype instanceof Error))
  throw new Error("The linter must find nothing.");
