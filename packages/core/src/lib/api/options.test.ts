import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

test.each([
  ["idleTimout", "unknown option idleTimout: did you mean idleTimeout?"],
  ["onstop", "unknown option onstop: did you mean onStop?"],
  ["names", "unknown option names: did you mean name?"],
  ["port", "unknown option port"],
])("%s is refused, with the option that is meant if one is near", (name, message) => {
  expect(() => readOptions({ [name]: undefined })).toThrow(
    expect.objectContaining({ code: "ERR_OPTION", message }),
  );
});
