// Downloads what `npm run test:on-node` and `npm run test:on-systemd` need, before the gate runs them.
//
//   tsx --conditions=@sockact/source scripts/download.ts 26 20.19.0 bookworm sid
import process from "node:process";
import { Debian, suites } from "./lib/debian.ts";
import { nodeBinary } from "./lib/node-binary.ts";

for (const name of process.argv.slice(2)) {
  if (Object.values(suites).includes(name)) await Debian.ofSuite(name);
  else nodeBinary(name);
}
