// For comparison: how long activatedSockets() would take if it read each table of /proc/net as a whole.
import { fstatSync, readFileSync } from "node:fs";
import process from "node:process";

const start = performance.now();
const inodes = new Set([3, 4, 5].map((fd) => String(fstatSync(fd).ino)));
const sockets = [];
for (const table of ["tcp", "tcp6", "unix"]) {
  for (const row of readFileSync(`/proc/self/net/${table}`, "utf8").split("\n")) {
    const fields = row.trim().split(/\s+/);
    const inode = table === "unix" ? fields[6] : fields[9];
    if (inodes.has(inode))
      sockets.push({ kind: "listener", address: table === "unix" ? fields[7] : fields[1] });
  }
}
const milliseconds = performance.now() - start;
process.stdout.write(`${JSON.stringify({ event: "asked", sockets, milliseconds })}\n`);
