// Removes the variables of sd_listen_fds(3) and announces the descriptor, before or after the first call of notifyBackend().
import { notifyBackend, ready } from "@sockact/notify";
import { adoptDescriptor } from "@sockact/shared/notify";

for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete process.env[name];
process.env.PATH = "/nonexistent";
if (process.argv[2] === "before") adoptDescriptor(3);
const first = notifyBackend() ?? null;
adoptDescriptor(3);
console.log(JSON.stringify({ event: "backends", first, second: notifyBackend() }));
await ready();
