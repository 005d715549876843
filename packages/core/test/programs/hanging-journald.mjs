// Records metrics while journald does not read. Exits with 0 if it does not wait for journald.
import { recordMetrics } from "@sockact/core";

process.kill(Number(process.argv[2]), "SIGSTOP");
const recorded = Array.from({ length: 2000 }, () => recordMetrics("a 1\n"));
process.exitCode = recorded[0] && !recorded.at(-1) ? 0 : 1;
