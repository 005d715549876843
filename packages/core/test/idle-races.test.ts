import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startApp, systemdSocket } from "./lifecycle-app.ts";

test(
  "a connection at the last moment is answered by this process or the next one",
  { tags: "campaign" },
  async () => {
    const [fd, address] = await systemdSocket();
    const idle = 25;
    let over = false;
    let starts = 0;
    // Like the service manager, this starts the next process for a waiting connection.
    const manager = (async () => {
      while (!over) {
        starts++;
        await using app = await startApp([fd], { options: { idleTimeout: `${idle}ms` } });
        expect(await app.ended).toBe(0);
      }
    })();
    const agents = [new Agent(), new Agent({ keepAlive: true })];
    const outcomes: Record<string, number> = {};
    const ask = async (agent: Agent): Promise<void> => {
      const [host, port] = address.split(":") as [string, string];
      const sent = request({
        host,
        port,
        agent,
        headers: agent === agents[0] ? { connection: "close" } : {},
      });
      const outcome = await new Promise<string>((resolve) => {
        sent.on("response", (response) =>
          response.resume().on("end", () => resolve(String(response.statusCode))),
        );
        sent.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
        sent.end();
      });
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    };
    const rounds = 100;
    for (let round = 0; round < rounds; round++) {
      // Around the moment at which it falls asleep, a little earlier or later each time.
      await delay(idle - 10 + (round % 20));
      await Promise.all([ask(agents[0] as Agent), ask(agents[0] as Agent), ask(agents[0] as Agent)]);
    }
    over = true;
    for (const agent of agents) agent.destroy();
    await manager;
    expect(outcomes).toEqual({ 200: 3 * rounds });
    expect(starts, "it did fall asleep between").toBeGreaterThan(rounds / 8);
  },
);
