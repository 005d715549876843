import Fastify from "fastify";
import { expect, test } from "vitest";
import { ActivationError } from "@sockact/core/adapter";
import { logTo } from "./log.ts";

test("a flood of rejected connections is one line of the app's log, at the level error", () => {
  const lines: { level: number; msg: string }[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[number]);
  const { log } = Fastify({ logger: { stream: { write } } });
  const onEvent = logTo(log);
  const error = new ActivationError("SOCKACT_ERR_PROXY_HEADER", "It is wrong", "Write it right.");
  for (let count = 0; count < 100; count++)
    onEvent({ type: "rejected", name: "web", sender: "10.0.0.9", error });
  expect(lines).toMatchObject([
    {
      level: 50,
      msg: "closed a connection to web from 10.0.0.9: SOCKACT_ERR_PROXY_HEADER: It is wrong. Write it right.",
    },
  ]);
});
