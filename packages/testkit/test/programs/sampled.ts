import { appendFileSync } from "node:fs";
import process from "node:process";
import { beforeAll, describe, expect, test } from "vitest";

const log = (text: string): void => appendFileSync(process.env["STARTED"]!, `${text}\n`);

describe.each(["one", "two", "three", "four", "five"])("%s", (suite) => {
  beforeAll(() => log(`prepares ${suite}`));
  test.each([1, 2])("number %d", (number) => {
    log(`${suite} ${number}`);
    expect(number).toBeGreaterThan(0);
  });
});
