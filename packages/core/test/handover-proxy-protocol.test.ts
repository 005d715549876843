import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { answerOf, ask, HandoverService } from "./reloaded-service.ts";
import { line } from "./proxy-headers.ts";

const client = { remoteAddress: "192.0.2.1", remotePort: 56_324 };

describeWith({ privateSystemd: true, systemd: 253 }, "a handover of a socket with PROXY headers", () => {
  let systemd: PrivateSystemd;
  let service: HandoverService;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    // The new process has the variable too.
    service = await HandoverService.start(systemd, { env: { SOCKACT_PROXY_PROTOCOL: "http:*" } });
  });
  afterAll(async () => systemd?.close());

  test("a connection that moves keeps the address of its client, and needs no second header", async () => {
    await using idle = await service.connect();
    const { pid: before } = await ask(idle.send(line));
    await using fresh = await service.connect();
    fresh.send(line);
    await using pending = await service.connect();
    pending.send(line.slice(0, 20));
    await using unknown = await service.connect();
    await ask(unknown.send("PROXY UNKNOWN\r\n"));
    const after = await service.reload();
    expect(after).not.toBe(before);
    for (const moved of [idle, fresh])
      expect(await ask(moved)).toMatchObject({ pid: after, facts: { ...client, requests: 1 } });
    expect(await ask(unknown)).toMatchObject({ pid: after, facts: { remoteAddress: "127.0.0.1" } });
    // The old process has read a part of this header, so only it can read the rest.
    const answer = await pending.send(line.slice(20)).get("/").receives(/\}$/);
    expect(answerOf(answer)).toMatchObject({ pid: before, facts: client });
    expect(answer).toMatch(/^connection: close\r$/im);
    await using later = await service.connect();
    expect(await ask(later.send(line))).toMatchObject({ pid: after, facts: client });
    await service.untilGone(before);
  });
});
