import { PackedPackages } from "@sockact/testkit";
import { publicPackages } from "../../scripts/lib/packages.ts";
import { Fleet } from "./fleet.ts";
import { Crowd } from "./crowd.ts";
import { deployByHand } from "./deploy.ts";
const t0=performance.now(); const at=(w:string)=>console.log(((performance.now()-t0)/1000).toFixed(2), w);
process.on("SIGINT",()=>process.exit(1));
using packed = await PackedPackages.pack(publicPackages().map(({ name }) => name)); at("packed");
await using fleet = await Fleet.start(packed); at("fleet");
try {
const r1 = await fleet.releases.make(); at("release");
console.log(await fleet.office.run("du -sh /srv/releases/1; ls -a /srv/releases/1 /srv/releases/1/node_modules | tr '\\n' ' '"));
const out = await Promise.all(fleet.hosts.map((host)=>deployByHand(fleet, host, r1, "install --config sockact.config.mjs --yes --no-request"))); at("deployed"); 
for (const host of fleet.hosts) await fleet.waitForHost(host, "UP"); at("up");

async function under(what: string, f: () => Promise<unknown>) {
  await using crowd = await Crowd.start(fleet); at("crowd " + what);
  await f(); at("done");
  await crowd.round(); at("round");
  const e = await crowd.leave(); at(JSON.stringify(e)); console.log(await fleet.hostStates());
  return e;
}
const want = process.argv.slice(2);
if (want.includes("idle")) await under("idle", () => new Promise((r) => setTimeout(r, 5000)));
if (want.includes("deploy")) await under("deploy", async () => { const r2 = await fleet.releases.make(); for (const h of fleet.hosts) { console.log(await deployByHand(fleet, h, r2)); at("r2"); } });
if (want.includes("haproxy")) await under("haproxy", async () => { await fleet.balancer.run("systemctl reload haproxy"); await new Promise((r) => setTimeout(r, 3000)); await fleet.balancer.run("systemctl reload haproxy");  await new Promise((r) => setTimeout(r, 3000)); });
if (want.includes("reboot")) await under("reboot", async () => { const h = fleet.hosts[0]!; await h.run("mkdir -p /var/lib/sockact/drained; touch /var/lib/sockact/drained/fleet"); await fleet.waitForHost(h, "DOWN"); at("down"); console.log(await h.run("ss -tn | grep -c 10.77.0.10")); await h.reboot(); at("rebooted"); await h.run("rm /var/lib/sockact/drained/fleet");await fleet.waitForHost(h, "UP"); at("up"); });
if (want.includes("cut")) { await under("cut", async () => { const h = fleet.hosts[0]!; await h.cutPower(); at("cut"); await fleet.waitForHost(h, "DOWN"); at("down"); await new Promise((r) => setTimeout(r, 4000)); console.log(await fleet.balancer.run("ss -tnoi dst 10.77.0.11; ip neigh")); await h.boot(); at("boot"); await fleet.waitForHost(h, "UP"); at("up"); });
 console.log(await fleet.balancer.run("journalctl --no-pager -n 60 -b -o cat")); }
} catch (e) { console.log(String(e)); for (const m of [fleet.balancer, fleet.hosts[0]!]) console.log(await m.run("journalctl --no-pager -n 25 -b")); process.exitCode=1 }
