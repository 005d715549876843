// check.yml of the Ansible role: a host with an answer of another form hides no other one.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeWith } from "@sockact/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { outcomeOf } from "./outcome.ts";

vi.setConfig({ testTimeout: 120_000 });

const service = { name: "shop", service: "shop.service", state: "awake", drained: false };
/** What `sockact status --json` of each host prints. */
const answers = {
  good: JSON.stringify({ services: [service] }),
  hostile: JSON.stringify({ services: [{ ...service, name: '{{ lookup("pipe", "id") }}\u001b[31m\n' }] }),
  garbage: "{",
  shape: JSON.stringify({ services: [1] }),
};

describeWith({ commands: ["ansible-playbook"], tags: "campaign" }, "check.yml", () => {
  test("shows each host, whatever another one answers", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-check-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const hosts = Object.entries(answers).map(([name, answer]) => {
      const program = join(folder, name);
      writeFileSync(`${program}.json`, `${answer}\n`);
      const doctor = JSON.stringify({ services: [{ service: "shop.service", findings: [] }] });
      writeFileSync(
        program,
        `#!/bin/sh\ncase $1 in status) cat ${program}.json;; doctor) echo '${doctor}';; *) echo 1.2.3;; esac\n`,
      );
      chmodSync(program, 0o755);
      return [name, { sockact_app_command: program }];
    });
    const vars = {
      ansible_connection: "local",
      ansible_become: false,
      ansible_python_interpreter: "/usr/bin/python3",
      sockact_app_name: "shop",
      sockact_app_root: folder,
    };
    const inventory = join(folder, "hosts.json");
    writeFileSync(inventory, JSON.stringify({ all: { vars, hosts: Object.fromEntries(hosts) } }));
    const playbook = fileURLToPath(new URL("../../../deploy/ansible/check.yml", import.meta.url));
    const args = ["--inventory", inventory, playbook, "--extra-vars", "ansible_become=false"];
    const { stdout, code } = await outcomeOf(["ansible-playbook", ...args]);
    const rows = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
    const row = (name: string) => rows.find(([first]) => first === `"${name}`)?.slice(1, 3);
    expect(row("good")).toEqual(["shop", "awake"]);
    // Nothing is a template or a sequence of the terminal.
    expect(row("hostile")).toEqual([String.raw`{{ lookup(\"pipe\", \"id\") }}?[31m?`, "awake"]);
    expect(row("garbage")).toEqual(["-", "unknown answer"]);
    expect(row("shape")).toEqual(["-", "unknown answer"]);
    expect(stdout).toContain("The doctor has found errors, or could not look, on garbage, shape.");
    expect(code).toBe(2);
  });
});
