import { PackedPackages } from "@sockact/testkit";
import { publicPackages } from "../../scripts/lib/packages.ts";
import { Fleet } from "./fleet.ts";
import { deployByHand } from "./deploy.ts";
const t0=performance.now(); const at=(w:string)=>console.log(((performance.now()-t0)/1000).toFixed(2), w);
process.on("SIGINT",()=>process.exit(1));
using packed = await PackedPackages.pack(publicPackages().map(({ name }) => name)); at("packed");
await using fleet = await Fleet.start(packed); at("fleet");
try {
const r1 = await fleet.releases.make(); at("release");
console.log(await fleet.office.run("du -sh /srv/releases/1; ls -a /srv/releases/1 /srv/releases/1/node_modules | tr '\\n' ' '"));
const out = await Promise.all(fleet.hosts.map((host)=>deployByHand(fleet, host, r1, "install --config sockact.config.mjs --yes --no-request"))); at("deployed"); console.log(out[0]);
for (const host of fleet.hosts) await fleet.waitForHost(host, "UP"); at("up");
console.log(await fleet.office.run("for i in 1 2 3; do curl -s http://10.77.0.10/; echo; curl -sk https://10.77.0.10/; echo;  curl -sk https://10.77.0.10:8443/; echo; done"));
const r2 = await fleet.releases.make(); 
console.log(await deployByHand(fleet, fleet.hosts[0]!, r2)); at("r2");
console.log(await fleet.office.run("for i in 1 2 3; do curl -s http://10.77.0.10/; echo; curl -sk https://10.77.0.10/; echo;  curl -sk https://10.77.0.10:8443/; echo; done"));
} catch (e) { console.log(String(e)); for (const m of [fleet.balancer, fleet.hosts[0]!]) console.log(await m.run("journalctl --no-pager -n 25 -b")); process.exitCode=1 }
