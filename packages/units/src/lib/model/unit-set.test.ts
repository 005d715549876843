import { describe, expect, it } from "vitest";
import { buildUnits, emitUnits } from "../emit/emit.ts";
import { explain } from "../emit/explain.ts";
import { fixUnits } from "../lint/fix.ts";
import { lintUnits } from "../lint/lint.ts";
import { parseUnits } from "./unit-set.ts";
import type { AppDescription } from "../description/app.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

describe("units of a description", () => {
  it("are the files that emitUnits() writes, and know the field or the reason of each line", () => {
    const units = buildUnits(shop);
    expect(units.texts()).toEqual(emitUnits(shop));
    expect(emitUnits(units, { comments: true })).toEqual(emitUnits(shop, { comments: true }));
    const lines = units.files.get("shop.socket")!.entries.filter(({ kind }) => kind === "assignment");
    expect(lines).toContainEqual(
      expect.objectContaining({ key: "ListenStream", field: "sockets[0].listen" }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ key: "WantedBy", reason: expect.any(String) as string }),
    );
  });

  it("are linted, explained and fixed without their texts", () => {
    const units = buildUnits({ ...shop, killMode: "process", acknowledge: ["kill-mode"] });
    const texts = units.texts();
    expect(lintUnits(units)).toEqual(lintUnits(texts));
    expect(lintUnits(units).map(({ code }) => code)).toContain("kill-mode");
    expect(fixUnits(units).texts()).toEqual(fixUnits(texts));
    expect(explain(buildUnits(shop))).toEqual(explain(shop));
  });

  it("can't be explained if nobody knows why their lines are there", () => {
    expect(() => explain(parseUnits(emitUnits(shop)))).toThrow(TypeError);
  });
});

describe("units of files", () => {
  const files = {
    "/etc/systemd/system/shop.service":
      "[Service]\nExecStart=/bin/true\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\nNonsense\n",
    "/etc/systemd/system/shop.service.d/c.conf":
      "[Service]\nEnvironment=C=3\nExecStart=\nExecStart=/bin/false\n",
  };

  it("keep every byte", () => {
    expect(parseUnits(files).texts()).toEqual(files);
  });

  it("are fixed as a set", () => {
    const units = parseUnits({
      "a.socket": "[Socket]\nListenStream=80\n",
      "a.service": "[Service]\nExecStart=/usr/bin/node /srv/a.js\n",
    });
    const fixed = fixUnits(units);
    expect(fixed.texts()).toEqual(fixUnits(units.texts()));
    expect(fixed.values("a.socket", "Install", "WantedBy")).toEqual(["sockets.target"]);
    expect(fixUnits(units, []).texts()).toEqual(units.texts());
  });

  it("know the values that count", () => {
    const units = parseUnits(files);
    expect(units.values("shop.service", "Service", "Environment")).toEqual(["B=2", "C=3"]);
    expect(units.values("shop.service", "Service", "ExecStart")).toEqual(["/bin/false"]);
    expect(units.values("shop.service", "Unit", "Environment")).toEqual([]);
    expect(units.values("other.service", "Service", "ExecStart")).toEqual([]);
  });

  it("are written by emitUnits(), and texts are not", () => {
    expect(emitUnits(parseUnits(files))).toEqual(files);
    expect(() => emitUnits(files as never)).toThrow('"/etc/systemd/system/shop.service" is not a field');
  });

  it("must be texts", () => {
    expect(() => parseUnits({ "shop.service": 1 } as never)).toThrow(
      'files["shop.service"] must be a string with the content; got a value of type number',
    );
  });
});
