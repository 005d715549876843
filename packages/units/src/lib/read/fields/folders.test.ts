import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppDescription } from "../../description/app.ts";
import { emitUnits } from "../../emit/emit.ts";
import { UnitError } from "../../problems.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/app/server.js"],
  hardening: "inbound",
  sockets: [{ listen: 80 }],
};

const bare = service({});

function service(fields: Partial<AppDescription>): string {
  return emitUnits({ ...shop, ...fields })["shop.service"]!;
}

/** The lines that fields add to the service. */
function lines(fields: Partial<AppDescription>): string[] {
  const before = service({ hardening: fields.hardening ?? "inbound" }).split("\n");
  return service(fields)
    .split("\n")
    .filter((line) => !before.includes(line));
}

function problem(fields: object): unknown {
  try {
    service(fields);
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
  throw new Error("It was taken.");
}

describe("folders of the service's own", () => {
  it("are a line each, and the first that stays is the home of a user who has none", () => {
    expect(
      lines({
        stateDirectory: ["shop", "shop/100% files"],
        stateDirectoryMode: "0700",
        cacheDirectory: "shop",
        cacheDirectoryMode: "750",
        logsDirectory: ["shop"],
        configurationDirectory: "shop",
      }),
    ).toEqual([
      "StateDirectory=shop",
      'StateDirectory="shop/100%% files"',
      "StateDirectoryMode=0700",
      "CacheDirectory=shop",
      "CacheDirectoryMode=750",
      "LogsDirectory=shop",
      "ConfigurationDirectory=shop",
      "Environment=HOME=%S/shop",
    ]);
    expect(lines({ stateDirectory: "a b%", user: "shop" })).not.toContain(expect.stringContaining("HOME"));
    expect(lines({ stateDirectory: "a b%" })).toContain('Environment="HOME=%S/a b%%"');
  });

  it("take the place of the one that an outbound service has by itself, or of none", () => {
    const outbound = (fields: Partial<AppDescription>) => service({ hardening: "outbound", ...fields });
    expect(outbound({ stateDirectory: "store" })).toContain(
      "StateDirectory=store\nEnvironment=HOME=%S/store\n",
    );
    expect(outbound({ stateDirectory: "store" })).not.toContain("StateDirectory=shop");
    expect(outbound({ stateDirectory: false })).not.toMatch(/StateDirectory|HOME/);
    expect(service({ hardening: { profile: "outbound" } })).toContain("StateDirectory=shop\n");
  });

  it("stay under /run when the service stops, unless the description says otherwise", () => {
    expect(lines({ runtimeDirectory: "shop", runtimeDirectoryMode: "0755" })).toEqual([
      "RuntimeDirectory=shop",
      "RuntimeDirectoryMode=0755",
      "RuntimeDirectoryPreserve=yes",
    ]);
    expect(lines({ runtimeDirectory: "shop", runtimeDirectoryPreserve: "no" })).toContain(
      "RuntimeDirectoryPreserve=no",
    );
  });

  it.each([
    ["", "SOCKACT_ERR_UNIT_PATH"],
    ["/var/lib/shop", "SOCKACT_ERR_UNIT_PATH"],
    ["../shop", "SOCKACT_ERR_UNIT_PATH"],
    ["shop/./files", "SOCKACT_ERR_UNIT_PATH"],
    ["shop/", "SOCKACT_ERR_UNIT_PATH"],
    ["shop:files", "SOCKACT_ERR_UNIT_PATH"],
    ["shop\\files", "SOCKACT_ERR_UNIT_PATH"],
    ["it's", "SOCKACT_ERR_UNIT_PATH"],
    ["a\nb", "SOCKACT_ERR_UNIT_PATH"],
    ["private", "SOCKACT_ERR_UNIT_PATH"],
    ["private/shop", "SOCKACT_ERR_UNIT_PATH"],
    ["a\0b", "SOCKACT_ERR_UNIT_TEXT"],
    [3, "SOCKACT_ERR_UNIT_TYPE"],
  ])("cannot be %j", (value, code) => {
    for (const field of ["stateDirectory", "runtimeDirectory"])
      expect(problem({ [field]: value })).toMatchObject([{ code, path: field }]);
  });
});

describe("credentials", () => {
  it("are a line each, from where they come", () => {
    expect(
      lines({
        credentials: {
          "tls.key": "/etc/shop/tls-100%.key",
          stored: "shop.key",
          named: {},
          sealed: { encrypted: true },
          file: { path: "/etc/shop/file.cred", encrypted: true },
          text: { value: " a\n\\%n%i" },
          base64: { value: "aGVsbG8=", encrypted: true },
          both: { path: "/run/shop.key", value: "default" },
        },
        importCredentials: ["shop.*", "one"],
      }),
    ).toEqual([
      "SetCredentialEncrypted=base64:aGVsbG8=",
      "SetCredential=both:default",
      "LoadCredential=both:/run/shop.key",
      "LoadCredentialEncrypted=file:/etc/shop/file.cred",
      "LoadCredential=named",
      "LoadCredentialEncrypted=sealed",
      "LoadCredential=stored:shop.key",
      "SetCredential=text:\\x20a\\x0a\\x5c%n%i",
      "LoadCredential=tls.key:/etc/shop/tls-100%%.key",
      "ImportCredential=shop.*",
      "ImportCredential=one",
    ]);
  });

  it.each<[unknown, string, string]>([
    [["/etc/key"], "SOCKACT_ERR_UNIT_TYPE", "credentials"],
    [{ "a:b": "/etc/key" }, "SOCKACT_ERR_UNIT_NAME", 'credentials["a:b"]'],
    [{ "a/b": "/etc/key" }, "SOCKACT_ERR_UNIT_NAME", 'credentials["a/b"]'],
    [{ "..": "/etc/key" }, "SOCKACT_ERR_UNIT_NAME", 'credentials[".."]'],
    [{ key: "etc/key" }, "SOCKACT_ERR_UNIT_PATH", "credentials.key"],
    [{ key: "/etc/../key" }, "SOCKACT_ERR_UNIT_PATH", "credentials.key"],
    [{ key: "/etc/my key" }, "SOCKACT_ERR_UNIT_PATH", "credentials.key"],
    [{ key: { path: 1 } }, "SOCKACT_ERR_UNIT_TYPE", "credentials.key.path"],
    [{ key: { file: "/etc/key" } }, "SOCKACT_ERR_UNIT_FIELD", "credentials.key.file"],
    [{ key: { value: "a\0b" } }, "SOCKACT_ERR_UNIT_TEXT", "credentials.key.value"],
    [{ key: { value: "" } }, "SOCKACT_ERR_UNIT_TEXT", "credentials.key.value"],
    [{ key: { value: "secret", encrypted: true } }, "SOCKACT_ERR_UNIT_TEXT", "credentials.key.value"],
    [{ key: { encrypted: "yes" } }, "SOCKACT_ERR_UNIT_TYPE", "credentials.key.encrypted"],
    [{ key: null }, "SOCKACT_ERR_UNIT_TYPE", "credentials.key"],
  ])("cannot be %j", (credentials, code, path) => {
    expect(problem({ credentials })).toMatchObject([{ code, path, hint: expect.stringMatching(/./) }]);
  });

  it("are imported by name, with an asterisk only at the end", () => {
    for (const glob of ["*a", "a?", "a:b", ""])
      expect(problem({ importCredentials: [glob] })).toMatchObject([{ path: "importCredentials[0]" }]);
  });
});

it("no text in them ends its line", () => {
  const characters = fc.oneof(
    fc.constantFrom(..."\n\r\0\\\"'%$;#[]=: \t/@.a1s*".split("")),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  const text = fc
    .tuple(fc.constantFrom("", "/", "a"), fc.string({ unit: characters, maxLength: 8 }))
    .map((parts) => parts.join(""));
  const withText: ((value: string) => Partial<AppDescription>)[] = [
    (value) => ({ stateDirectory: value }),
    (value) => ({ stateDirectoryMode: value }),
    (value) => ({ credentials: { [value]: {} } }),
    (value) => ({ credentials: { key: value } }),
    (value) => ({ credentials: { key: { value } } }),
    (value) => ({ importCredentials: [value] }),
    (value) => ({ hardening: { profile: "inbound", umask: value } }),
    (value) => ({ hardening: { profile: "inbound", systemCallFilter: [value] } }),
    (value) => ({ hardening: { profile: "inbound", capabilityBoundingSet: [value] } }),
    (value) => ({ hardening: { profile: "inbound", ipAddressDeny: [value] } }),
  ];
  const own = new Set(bare.split("\n"));
  const added =
    /^(?:StateDirectory|StateDirectoryMode|LoadCredential|SetCredential|ImportCredential|UMask|SystemCallFilter|CapabilityBoundingSet|IPAddressDeny|Environment)=/;
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...withText), text, (fields, value) => {
      let unit: string;
      try {
        unit = service(fields(value));
      } catch (error) {
        if (error instanceof UnitError) return;
        throw error;
      }
      taken += 1;
      const others = unit
        .replace(/\\(?:\r\n|\n|\r)/g, " ")
        .split(/\r\n|[\n\r\0]/)
        .filter((line) => !own.has(line) && !added.test(line));
      expect(others).toEqual([]);
    }),
    { seed: 20_251_124, numRuns: 100 },
  );
  expect(taken).toBeGreaterThan(10);
});
