// Rolls a service over, inside the private systemd: node roll-program.mjs NAME
import process from "node:process";
// Not by its name: the package `sockact` has this one among its own.
import { rollingRestart } from "../../cli/dist/index.js";

await rollingRestart(process.argv[2]);
