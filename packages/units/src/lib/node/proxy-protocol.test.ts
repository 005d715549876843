import { expect, test } from "vitest";
import { isProxySender } from "./proxy-protocol.ts";

test.each(["unix", "10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/128"])(
  "a PROXY header may come from %j",
  (text) => {
    expect(isProxySender(text)).toBe(true);
  },
);

test.each(["", "10.0.0", "10.0.0.1/33", "::1/129", "10.0.0.1/08", "10.0.0.1/000", "10.0.0.1/"])(
  "a PROXY header may not come from %j",
  (text) => {
    expect(isProxySender(text)).toBe(false);
  },
);
