import { expect } from "vitest";
import { testExamples } from "./lib/test-examples.ts";

testExamples({
  https: {
    commands: ["openssl"],
    alone: {
      "redirects from http to https, with a certificate that curl accepts": ({ shown }) => {
        expect(shown).toMatch(/^HTTP\/1\.1 308 [^]*^Location: https:\/\/localhost:3443\/$/m);
        expect(shown).toContain('{"hello":"over https"');
      },
    },
    service: {
      "redirects from port 80 to port 443, with a certificate that curl accepts": ({ shown }) => {
        expect(shown).toMatch(/^HTTP\/1\.1 308 [^]*^Location: https:\/\/localhost\/$/m);
        expect(shown).toContain('{"hello":"over https"');
      },
      "can't read the key itself": async ({ systemd }) => {
        expect(await systemd.mustRun(["stat", "--format=%a %U", "/etc/example-https/key.pem"])).toBe(
          "600 root\n",
        );
        expect(await systemd.show("example-https.service", "DynamicUser")).toBe("yes");
      },
    },
  },
});
