// Sends with node:ffi in spite of its warning. Then shows that this package would not have used it, and that no warning was printed.
import { loadSdNotify, sendWithFfi } from "../../src/lib/ffi.ts";

const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
let warnings = 0;
process.on("warning", () => warnings++);
const sdNotify = loadSdNotify("allow");
sendWithFfi(sdNotify, process.env.SOCKET, "READY=1", []);
sendWithFfi(sdNotify, process.env.SOCKET, "FDSTORE=1\nFDNAME=a", [0]);
try {
  sendWithFfi(sdNotify, "/nonexistent", "READY=1", []);
} catch ({ code, message }) {
  say("failed", { code, message });
}
setImmediate(() => say("chosen", { avoided: loadSdNotify() === undefined, warnings }));
