import { constants } from "node:os";
import process from "node:process";
import { main } from "./lib/command-line/command-line.ts";

const HUNG_UP = 128 + constants.signals.SIGHUP;

void main(process.argv.slice(2)).then((code) => {
  if (code === HUNG_UP) {
    // After its terminal is closed, Node aborts in exit(), because it can't restore the terminal. Without a
    // listener, the signal itself ends the process.
    process.removeAllListeners("SIGHUP");
    process.kill(process.pid, "SIGHUP");
  }
  process.exit(code);
});
