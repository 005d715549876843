import { constants } from "node:os";
import process from "node:process";
import { main } from "./lib/command-line/command-line.ts";

const HUNG_UP = 128 + constants.signals.SIGHUP;

void main(process.argv.slice(2)).then((code) => {
  if (code === HUNG_UP) {
    // When its terminal is gone, Node aborts in exit(): it can't set that back. The signal itself ends it
    // without that.
    process.removeAllListeners("SIGHUP");
    process.kill(process.pid, "SIGHUP");
  }
  process.exit(code);
});
