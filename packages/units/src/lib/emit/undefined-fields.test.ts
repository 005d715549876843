import { describe, expect, it } from "vitest";
import { everyField } from "../../../test/every-field.ts";
import type { AppDescription, HardeningOptions, SocketDescription } from "../../index.ts";
import { lintUnits } from "../lint/lint.ts";
import { editUnit } from "../parse/edit.ts";
import { parseUnit, stringifyUnit } from "../parse/parse.ts";
import { otherFields, serviceDirectives } from "../read/fields/service-directives.ts";
import { socketDirectives } from "../read/fields/socket-directives.ts";
import { sandboxDirectives } from "../read/sandbox/directives.ts";
import { emitUnits } from "./emit.ts";

const leastApp: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

const descriptions: Record<string, AppDescription> = {
  ...everyField,
  "the least": leastApp,
  "a proxy": { ...leastApp, bind: "proxy" },
  "a capability": { ...leastApp, bind: "capability" },
  "a container": {
    name: "shop",
    sockets: [{ listen: 80 }],
    container: { image: "localhost/shop:1" },
    hardening: { profile: "inbound" },
  },
  "what has parts": {
    ...leastApp,
    conditionPathExists: { path: "/srv/shop" },
    environmentFile: [{ path: "/etc/shop.env" }],
    execStartPre: [{ command: ["/bin/true"] }],
    credentials: { key: { path: "/etc/shop.key" }, known: {} },
    raw: { Service: { LimitRTPRIO: 5 } },
  },
};

describe("a field that is undefined is one that is left out", () => {
  it.each(Object.entries(descriptions))("in %s", (_, description) => {
    expect(emitUnits(withUndefined(description))).toEqual(emitUnits(description));
  });

  it("in the options, and in an edit", () => {
    expect(emitUnits(leastApp, { comments: undefined })).toEqual(emitUnits(leastApp));
    const files = emitUnits(leastApp);
    expect(lintUnits(files, { user: undefined })).toEqual(lintUnits(files));
    const unit = parseUnit("[Service]\nUser=shop\n");
    const edited = editUnit(unit, [{ line: undefined, section: "Service", key: "Nice", values: ["5"] }]);
    expect(stringifyUnit(edited)).toBe("[Service]\nUser=shop\nNice=5\n");
  });
});

/** The same description with every field that it leaves out, at any depth. */
function withUndefined(description: AppDescription): AppDescription {
  const { sockets, hardening, raw, container, credentials } = description;
  return {
    ...undefinedFields([...Object.keys(serviceDirectives), ...otherFields]),
    ...withUndefinedParts(description),
    sockets: sockets.map((socket): SocketDescription => ({
      ...undefinedFields([...Object.keys(socketDirectives), "description"]),
      ...socket,
      raw: socket.raw && { ...undefinedFields(["Unit", "Socket", "Install"]), ...socket.raw },
    })),
    ...(typeof hardening === "object" && {
      hardening: {
        ...undefinedFields([...Object.keys(sandboxDirectives), "profile"]),
        ...hardening,
      } satisfies HardeningOptions,
    }),
    ...(container && {
      container: { ...undefinedFields(["volumes", "userNS", "podmanArgs"]), ...container },
    }),
    ...(credentials && {
      credentials: Object.fromEntries(
        Object.entries(credentials).map(([name, credential]) => [
          name,
          typeof credential === "string"
            ? credential
            : { ...undefinedFields(["path", "value", "encrypted"]), ...credential },
        ]),
      ),
    }),
    raw: raw && { ...undefinedFields(["Unit", "Service", "Install"]), ...raw },
  };
}

/** Adds the flags of paths and commands. */
function withUndefinedParts(description: AppDescription): AppDescription {
  const flags: Record<string, readonly string[]> = {
    conditionPathExists: ["not"],
    environmentFile: ["optional"],
    execStartPre: ["mayFail", "privileged"],
  };
  const parts = Object.entries(flags).map(([field, names]) => {
    const value: unknown = description[field as keyof AppDescription];
    const withFlags = (part: unknown): unknown =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? { ...undefinedFields(names), ...part }
        : part;
    return [field, Array.isArray(value) ? value.map(withFlags) : withFlags(value)];
  });
  return { ...description, ...(Object.fromEntries(parts) as Partial<AppDescription>) };
}

function undefinedFields(names: readonly string[]): Record<string, undefined> {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
