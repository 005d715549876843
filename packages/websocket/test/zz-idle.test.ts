import { readFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "vitest";
import { bootPrivateSystemd, describeWith, watchProcess } from "@sockact/testkit";
import { startService } from "./moving.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "idle", () => {
  test("idle", async () => {
    const systemd = await bootPrivateSystemd();
    await using service = await startService(systemd, "faulty-app.mjs", { lines: "LimitNOFILE=40000", env: { FAULT: "", SOCKACT_DRAIN_TIMEOUT: "60s" } });
    const N = process.env.N ?? "10000";
    const memory = (pid: number) => { try { return /VmRSS:\s+(\d+)/.exec(readFileSync(systemd.hostPath(`/proc/${pid}/status`), "utf8"))?.[1]; } catch { return "gone"; } };
    const path = systemd.project + "/packages/websocket/test/programs/zz-idle.mjs";
    const clients = watchProcess(systemd.spawn(["sh", "-c", `ulimit -n 40000; exec ${systemd.node} ${path} ${N}`]));
    await clients.event("running");
    for (let i = 0; i < 2; i++) {
      const before = await service.pid();
      console.log("before", memory(before));
      clients.write("look");
      console.log(JSON.stringify(await clients.event("seen")));
      const t0 = performance.now();
      const after = await service.reload();
      const t1 = performance.now();
      let peak = "";
      while (existsSync(systemd.hostPath(`/proc/${before}`))) { peak = `${memory(before)}+${memory(after)}`; await delay(20); }
      console.log("reload", Math.round(t1 - t0), "moves", Math.round(performance.now() - t1), "last memory", peak, "after", memory(after));
      clients.write("look");
      console.log(JSON.stringify(await clients.event("seen")));
      for (const e of await service.printed("sockact")) if (e.type === "drained") console.log(JSON.stringify(e));
    }
    await systemd.close();
  }, 160_000);
});
