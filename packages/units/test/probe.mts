import { bootPrivateSystemd } from "@sockact/testkit";
import { emitUnits } from "../src/index.ts";
const systemd = await bootPrivateSystemd({node: process.env.N ?? process.execPath});
try {
const res:any={}; let port=80;
for (const [n,h,j] of [["none","none"],["outbound","outbound"],["inbound","inbound"],["inj","inbound","j"],["outj","outbound","j"]] as any) {
 port++;
 const u=emitUnits({name:n,hardening:h,exec:[systemd.node,`${systemd.project}/packages/units/test/programs/whole-app.mjs`],environment:{URL:`http://127.0.0.1:${port}/`,...(j?{NODE_OPTIONS:"--jitless"}:{})},sockets:[{listen:port}]});
 const f=`${n}.service`; if (!u[f].includes("StateDirectory")) u[f]=u[f].replace("NonBlocking",`StateDirectory=${n}\nEnvironment=HOME=/var/lib/${n}\nNonBlocking`); if (j) u[f]=u[f].replace("NonBlocking","MemoryDenyWriteExecute=yes\nNonBlocking");
 await systemd.installUnits(u); await systemd.start(`${n}.socket`);
 try { const t=Date.now(); res[n]=JSON.parse((await systemd.request(`http://127.0.0.1:${port}/`)).body); console.log(n,Date.now()-t,"ms"); } catch(e){ console.log(e,(await systemd.journal(f)).join("\n")); }
}
console.table(Object.fromEntries(Object.keys(res.none).map(k=>[k,Object.fromEntries(Object.entries(res).map(([n,v]:any)=>[n,v[k]]))])));
} finally { await systemd.close(); }
