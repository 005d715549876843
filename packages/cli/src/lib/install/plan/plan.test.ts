import { expect, it } from "vitest";
import { checkPlan, type InstallPlan } from "./plan.ts";

const plan: InstallPlan = {
  name: "shop",
  user: false,
  root: "/",
  units: { "shop.socket": "", "shop.service": "" },
  extraFiles: [{ path: "/var/lib/sockact/shop/files/preload.mjs", text: "", mode: 0o644 }],
};
const extra = (path: string, text = ""): Partial<InstallPlan> => ({
  extraFiles: [{ path, text, mode: 0o644 }],
});

it("accepts the plan of an installation", () => {
  expect(() => checkPlan(plan)).not.toThrow();
  expect(() => checkPlan({ ...plan, root: "/srv/image" })).not.toThrow();
});

it.each<[string, Partial<InstallPlan>]>([
  ["a unit in another folder", { units: { "../shop.service": "" } }],
  ["a unit of another name", { units: { "sshd.service": "" } }],
  ["a socket of another name", { units: { "ssh.socket": "" } }],
  ["an enormous unit", { units: { "shop.service": " ".repeat(2 ** 20 + 1) } }],
  ["a file elsewhere", extra("/etc/cron.d/shop")],
  ["a file that leaves the folder", extra("/var/lib/sockact/shop/files/../../x")],
  ["a file in the place of the manifest", extra("/var/lib/sockact/shop/manifest.json")],
  ["a file in a folder of its own", extra("/var/lib/sockact/shop/files/a/b")],
  ["a file that is the folder", extra("/var/lib/sockact/shop/files/")],
  ["an enormous file", extra("/var/lib/sockact/shop/files/x", " ".repeat(2 ** 26 + 1))],
  ["a relative root", { root: "image" }],
  ["a root with dots", { root: "/tmp/../etc" }],
])("refuses %s", (_, fields) => {
  expect(() => checkPlan({ ...plan, ...fields })).toThrow(
    expect.objectContaining({ code: "SOCKACT_ERR_INSTALL_PLAN" }),
  );
});
