import { expect, test } from "vitest";
import { wrongStatus } from "./change-under-load.ts";

test("requests that are lost by their status have it as the cause, the most frequent one", () => {
  const asking = { requests: [{ method: "GET", path: "/health" }], status: 200 };
  expect(wrongStatus({ "status 500": 1, closed: 9, "status 503": 5 }, asking)).toEqual([
    {
      code: "SOCKACT_PROVE_STATUS",
      details: { path: "/health", status: 503, expected: 200 },
      places: [],
    },
  ]);
  expect(wrongStatus({ closed: 9 }, asking)).toEqual([]);
});
