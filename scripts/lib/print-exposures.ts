// Prints the scores of systemd-analyze security for an inbound and an outbound service, one on each line. It asks the service manager:
// offline, systemd-analyze before 254 does not know that Protect…= directives imply separate mounts.
import { emitUnits } from "../../packages/units/src/index.ts";
import { bootPrivateSystemd } from "../../packages/testkit/src/boot-private-systemd.ts";

await using systemd = await bootPrivateSystemd();
for (const hardening of ["inbound", "outbound"] as const) {
  const exec = [systemd.node, "/srv/app/server.js"] as const;
  await systemd.installUnits(emitUnits({ name: hardening, exec, sockets: [{ listen: 80 }], hardening }));
  const said = await systemd.mustRun(["systemd-analyze", "security", "--no-pager", `${hardening}.service`]);
  console.log(/Overall exposure level for [\w.]+: ([\d.]+ \w+)/.exec(said)![1]);
}
