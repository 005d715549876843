import { expect, test } from "vitest";
import { headerError } from "../proxy-protocol/header-error.ts";
import { logRejections } from "./log-rejections.ts";

const rejection = (sender: string, problem: string) =>
  ({ type: "rejected", name: "web", sender, error: headerError(problem) }) as const;

test("the first rejected connection is a line, and the others of an interval are one line together", async () => {
  const lines: string[] = [];
  let onLine = (): void => {};
  const nextLine = (): Promise<void> => new Promise((resolve) => (onLine = resolve));
  const log = logRejections((line) => {
    lines.push(line);
    onLine();
  }, 50);
  for (let port = 0; port < 1000; port++) log(rejection("10.0.0.9", "It is wrong"));
  log(rejection("10.0.0.8", "It is late"));
  expect(lines).toEqual([
    expect.stringMatching(
      /^closed a connection to web from 10\.0\.0\.9: SOCKACT_ERR_PROXY_HEADER: It is wrong\. Make each client/,
    ),
  ]);
  lines.length = 0;
  await nextLine();
  log(rejection("10.0.0.7", "It is wrong"));
  await nextLine();
  expect(lines).toEqual([
    "closed 1000 more connections. The last one was to web from 10.0.0.8: SOCKACT_ERR_PROXY_HEADER: It is late",
    "closed 1 more connection. The last one was to web from 10.0.0.7: SOCKACT_ERR_PROXY_HEADER: It is wrong",
  ]);
});
