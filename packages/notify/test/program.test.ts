import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { OPEN_FILE, outcomes, tellService } from "./service.ts";

const refused = (unit: string) => ({
  code: "SOCKACT_ERR_NOTIFY_ACCESS",
  message: `${unit} has NotifyAccess=main, so systemd does not listen to systemd-notify`,
  hint: "Write `OpenFile=/run/systemd/notify:notify` into [Service], which systemd 253 or newer understands. Or write `NotifyAccess=all`, and put systemd-notify on the PATH.",
});

describeWith({ privateSystemd: true, systemd: 254 }, "the program systemd-notify", () => {
  // Most of these services do not use DynamicUser=: D-Bus knows its user only if nsswitch.conf(5) names
  // systemd.
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  test.concurrent("is used without a passed descriptor, and few runs carry many messages, the last one last", async () => {
    await systemd.installUnits({
      "all.service": tellService(systemd, {
        calls: [
          [["backend"]],
          [["status", "1"], ["status", "2"], ["ready"], ["status", "3"], ["watchdog"], ["status", "4"]],
          [["child"]],
        ],
        lines: ["NotifyAccess=all", "User=daemon", "WatchdogSec=60"],
      }),
    });
    await systemd.start("all.service");
    await systemd.waitForJournal("all.service", /"event":"done"/);
    const [backend, ...told] = await outcomes(systemd, "all.service");
    expect(backend).toEqual(["backend", "systemd-notify"]);
    expect(told.pop()).toEqual(["child", []]);
    expect(told.map(([, outcome]) => outcome)).toEqual(Array.from({ length: 6 }, () => true));
    expect(await systemd.show("all.service", "StatusText")).toBe("4");
    expect(await systemd.journal("all.service")).not.toContainEqual(expect.stringContaining("Warning"));
  });

  test.concurrent("is refused with an error if NotifyAccess= accepts only the main process", async () => {
    await systemd.installUnits({
      "main.service": tellService(systemd, {
        calls: [[["ready"]], [["status", "Anyone?"]]],
        lines: ["NotifyAccess=main", "User=daemon", "TimeoutStartSec=infinity"],
      }),
    });
    await systemd.systemctl("start", "--no-block", "main.service");
    await systemd.waitForJournal("main.service", /"event":"done"/);
    expect(await outcomes(systemd, "main.service")).toEqual([
      ["ready", refused("main.service")],
      ["status", refused("main.service")],
    ]);
    expect(await systemd.show("main.service", "StatusText")).toBe("");
    await systemd.systemctl("kill", "--signal=KILL", "main.service");
  });

  test.concurrent("sends in the name of the main process if that is root, and systemd accepts it", async () => {
    await systemd.installUnits({
      "root.service": tellService(systemd, {
        calls: [[["ready"]], [["status", "Heard"]]],
        lines: ["NotifyAccess=main"],
      }),
    });
    await systemd.start("root.service");
    await systemd.waitForUnit("root.service", "StatusText", "Heard");
    expect(await systemd.journal("root.service")).not.toContainEqual(expect.stringContaining("Warning"));
  });

  test.concurrent("sends in the name of the main process if that is root, without a warning, also if systemd cannot be asked", async () => {
    await systemd.installUnits({
      "root-unasked.service": tellService(systemd, {
        calls: [[["ready"]], [["status", "Heard"]]],
        lines: ["InaccessiblePaths=/run/dbus /run/systemd/private"],
      }),
    });
    await systemd.start("root-unasked.service");
    await systemd.waitForUnit("root-unasked.service", "StatusText", "Heard");
    await systemd.waitForJournal("root-unasked.service", /"event":"done"/);
    expect(await systemd.journal("root-unasked.service")).not.toContainEqual(
      expect.stringContaining("SOCKACT_WARN_NOTIFY_UNCHECKED"),
    );
  });

  test.concurrent("does not send in the name of a process that systemd did not start", async () => {
    const unit = tellService(systemd, { calls: [[["ready"]]], lines: ["NotifyAccess=main"] });
    await systemd.installUnits({
      "child.service": unit.replace(/^ExecStart=(.*)$/m, "ExecStart=sh -c '$1; true'"),
    });
    await systemd.systemctl("start", "--no-block", "child.service");
    await systemd.waitForJournal("child.service", /"event":"done"/);
    expect(await outcomes(systemd, "child.service")).toEqual([
      [
        "ready",
        {
          ...refused("child.service"),
          message: expect.stringMatching(
            /nor to this process \(\d+\): the main process is \d+, as when ExecStart= runs npm/,
          ),
        },
      ],
    ]);
    await systemd.systemctl("kill", "--signal=KILL", "child.service");
  });

  test.concurrent.each([
    ["by a user that D-Bus does not know", "unasked", ["DynamicUser=yes"]],
    ["without D-Bus", "no-bus", ["User=daemon", "InaccessiblePaths=/run/dbus /run/systemd/private"]],
    ["without D-Bus, by an instance", "no-bus@1", ["User=daemon", "InaccessiblePaths=/run/dbus"]],
  ])("is refused with an error if the unit has only Type=notify: %s", async (_, name, lines) => {
    const unit = `${name}.service`;
    await systemd.installUnits({
      [unit.replace("@1", "@")]: tellService(systemd, {
        calls: [[["ready"]]],
        lines: [...lines, "TimeoutStartSec=infinity"],
      }),
    });
    await systemd.systemctl("start", "--no-block", unit);
    await systemd.waitForJournal(unit, /"event":"done"/);
    expect(await outcomes(systemd, unit)).toEqual([["ready", refused(unit)]]);
    expect(await systemd.show(unit, "ActiveState")).toBe("activating");
    expect(await systemd.journal(unit)).not.toContainEqual(
      expect.stringContaining("SOCKACT_WARN_NOTIFY_UNCHECKED"),
    );
    await systemd.systemctl("kill", "--signal=KILL", unit);
  });

  test.concurrent("is used without a warning if the unit file allows it and systemd cannot be asked", async () => {
    await systemd.installUnits({
      "allowed.service": tellService(systemd, {
        calls: [[["ready"]]],
        lines: ["NotifyAccess=all", "DynamicUser=yes", "InaccessiblePaths=/run/dbus /run/systemd/private"],
      }),
    });
    await systemd.start("allowed.service");
    await systemd.waitForJournal("allowed.service", /"event":"done"/);
    expect(await outcomes(systemd, "allowed.service")).toEqual([["ready", true]]);
    expect(await systemd.journal("allowed.service")).not.toContainEqual(
      expect.stringContaining("SOCKACT_WARN_NOTIFY_UNCHECKED"),
    );
  });

  test.concurrent("is used if a drop-in allows it and systemd cannot be asked", async () => {
    await systemd.write("/run/systemd/system/drops-.service.d/access.conf", "[Service]\nNotifyAccess=all\n");
    await systemd.installUnits({
      "drops-in.service": tellService(systemd, {
        calls: [[["ready"]]],
        lines: ["User=daemon", "InaccessiblePaths=/run/dbus /run/systemd/private"],
      }),
    });
    await systemd.start("drops-in.service");
    await systemd.waitForJournal("drops-in.service", /"event":"done"/);
    expect(await outcomes(systemd, "drops-in.service")).toEqual([["ready", true]]);
  });

  test.concurrent("is used with a warning if nobody can answer whether systemd accepts it", async () => {
    await systemd.installUnits({
      "unchecked.service": tellService(systemd, {
        calls: [[["ready"]]],
        lines: [
          "NotifyAccess=all",
          "User=daemon",
          "InaccessiblePaths=/run/dbus /run/systemd/private /etc/systemd/system /run/systemd/system",
        ],
      }),
    });
    await systemd.start("unchecked.service");
    await systemd.waitForJournal("unchecked.service", /"event":"done"/);
    expect(await systemd.waitForJournal("unchecked.service", /"event":"warning"/)).toContain(
      "SOCKACT_WARN_NOTIFY_UNCHECKED",
    );
    expect(await outcomes(systemd, "unchecked.service")).toEqual([["ready", true]]);
  });

  test.concurrent("puts a descriptor into the store, also if messages go through the passed descriptor", async () => {
    await systemd.installUnits({
      "stores.service": tellService(systemd, {
        calls: [[["storeFd", "a", 0]], [["storeFd", "b", 1], ["ready"]]],
        onUsr1: [[["notify", { FDSTOREREMOVE: 1, FDNAME: "a" }]]],
        lines: [OPEN_FILE, "NotifyAccess=all", "User=daemon", "FileDescriptorStoreMax=5"],
      }),
    });
    await systemd.start("stores.service");
    await systemd.waitForJournal("stores.service", /"event":"done"/);
    const told = await outcomes(systemd, "stores.service");
    expect(told.map(([, outcome]) => outcome)).toEqual([true, true, true]);
    expect(await systemd.show("stores.service", "NFileDescriptorStore")).toBe("2");
    await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", "stores.service");
    await systemd.waitForUnit("stores.service", "NFileDescriptorStore", "1");
  });

  test.concurrent("two descriptors that are removed from the store at once, by their names, both leave it", async () => {
    const remove = (name: string): [string, object] => ["notify", { FDSTOREREMOVE: 1, FDNAME: name }];
    await systemd.installUnits({
      "removes.service": tellService(systemd, {
        calls: [[["storeFd", "a", 0], ["storeFd", "b", 1], ["ready"]]],
        // The first run of the program has not ended when the others begin to wait.
        onUsr1: [[["status", "Removing"], remove("a"), remove("b"), ["status", "Removed"]]],
        lines: ["NotifyAccess=all", "User=daemon", "FileDescriptorStoreMax=5"],
      }),
    });
    await systemd.start("removes.service");
    await systemd.waitForJournal("removes.service", /"event":"done"/);
    expect(await systemd.show("removes.service", "NFileDescriptorStore")).toBe("2");
    await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", "removes.service");
    await systemd.waitForUnit("removes.service", "StatusText", "Removed");
    expect(await systemd.show("removes.service", "NFileDescriptorStore")).toBe("0");
    expect((await outcomes(systemd, "removes.service")).map(([, outcome]) => outcome)).toEqual(
      Array.from({ length: 7 }, () => true),
    );
  });

  test.concurrent("a wrong OpenFile= under a user's manager is named in the error, or the program sends instead", async () => {
    await systemd.start("user@0.service");
    const user = { env: { XDG_RUNTIME_DIR: "/run/user/0" } };
    const unit = (lines: string[]) => tellService(systemd, { calls: [[["backend"]], [["ready"]]], lines });
    const units = {
      "right.service": unit(["OpenFile=/run/user/0/systemd/notify:notify"]),
      "wrong.service": unit([OPEN_FILE, "NotifyAccess=main", "PrivateUsers=yes"]),
      "fixed.service": unit([OPEN_FILE, "NotifyAccess=all"]),
    };
    for (const [name, text] of Object.entries(units)) await systemd.write(`/run/systemd/user/${name}`, text);
    await systemd.mustRun(["systemctl", "--user", "daemon-reload"], user);
    await systemd.mustRun(["systemctl", "--user", "start", "right.service", "fixed.service"], user);
    await systemd.mustRun(["systemctl", "--user", "start", "--no-block", "wrong.service"], user);
    const told = async (name: string): Promise<string[]> => {
      let lines: string[] = [];
      await systemd.waitUntil(async () => {
        await systemd.mustRun(["journalctl", "--sync"]);
        const output = ["journalctl", "--output=cat", "--quiet", `_SYSTEMD_USER_UNIT=${name}`];
        lines = (await systemd.mustRun(output)).split("\n");
        return lines.includes('{"event":"done"}');
      }, `${name} has made its calls`);
      return lines.filter((line) => /"event":"(told|warning)"/.test(line));
    };
    expect(await told("right.service")).toEqual([
      expect.stringContaining('"backend","outcome":"descriptor"'),
      expect.stringContaining('"ready","outcome":true'),
    ]);
    const elsewhere =
      "The file descriptor named notify leads to /run/systemd/notify, and NOTIFY_SOCKET is /run/user/0/systemd/notify";
    const [, error] = await told("wrong.service");
    expect(JSON.parse(error as string)).toMatchObject({
      outcome: {
        code: "SOCKACT_ERR_NOTIFY_PATH",
        message: elsewhere,
        hint: expect.stringContaining("Write `OpenFile=/run/user/0/systemd/notify:notify` into [Service]"),
      },
    });
    expect((await told("fixed.service")).map((line) => JSON.parse(line))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ outcome: "systemd-notify" }),
        expect.objectContaining({
          code: "SOCKACT_WARN_NOTIFY_PATH",
          message: `${elsewhere}: systemd-notify takes its place`,
        }),
        expect.objectContaining({ outcome: true }),
      ]),
    );
  });
});
