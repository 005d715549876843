// A rolling restart inside the private systemd: node roll-program.mjs NAME
import process from "node:process";
// Imported by its path, because the package `sockact` depends on this one.
import { rollingRestart } from "../../cli/dist/index.js";

await rollingRestart(process.argv[2]);
