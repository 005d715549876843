import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, lintUnits } from "../src/index.ts";
import { describedBy } from "./campaign/described.ts";
import { bootForCampaign, readBack } from "./campaign/read-back.ts";
import { differences } from "./campaign/shown.ts";
import { everyField } from "./every-field.ts";

type Described = ReturnType<typeof describedBy>;

const SEED = 20_251_104;
const few = describedBy(SEED, 60);

function areWritten(described: Described): void {
  const acknowledging = described.filter(({ description }) => description.acknowledge !== undefined);
  expect(acknowledging.length).toBeGreaterThan(0);
  for (const { description } of described) {
    const serious = lintUnits(emitUnits(description)).filter(({ severity }) => severity !== "info");
    const codes = [...new Set(serious.map(({ code }) => code))];
    expect([codes.toSorted(), description]).toEqual([
      (description.acknowledge ?? []).toSorted(),
      description,
    ]);
  }
}

it("random descriptions are made whole: few have fields that contradict each other, and lose them", () => {
  // Random text has invisible characters more often than a field contradicts another.
  const refused = few.filter((one) => one.refused.some((why) => !why.includes("value-invisible")));
  expect(refused.length).toBeLessThan(few.length / 3);
});

it("random descriptions are written without an error or a warning of the linter, but those that they acknowledge", () =>
  areWritten(few));

it("many random descriptions are, and hold every byte that UTF-8 has, but NUL", { tags: "campaign" }, () => {
  const many = describedBy(SEED, 1000);
  areWritten(many);
  const words = many.flatMap(({ description: { exec = [] } }) =>
    exec.filter((word) => typeof word === "string"),
  );
  const bytes = new Set(words.flatMap((word) => [...Buffer.from(word)]));
  const none = [0, 0xc0, 0xc1, ...Array.from({ length: 11 }, (_, index) => 0xf5 + index)];
  expect(none.filter((byte) => bytes.has(byte))).toEqual([]);
  expect(bytes.size).toBe(256 - none.length);
});

describeWith({ privateSystemd: true, systemd: 257 }, "what systemd has read", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootForCampaign();
  });
  afterAll(() => systemd?.close());

  it("matches the fields", async () => {
    // systemd-analyze verify looks for the user and the folders of this description, which do not exist here.
    // systemd shows what it has read anyway.
    const units = emitUnits(everyField["several sockets and every option"]!);
    await systemd.installUnits(units, { verify: false });
    const meant: Record<string, Record<string, unknown>> = {
      "app.service": {
        ExecStartPre: expect.stringMatching(
          /argv\[\]=\/bin\/sh -c echo 100% \$\$HOME ;[^]*argv\[\]=\/bin\/sh ; ignore_errors=yes/,
        ),
        ExecReload: expect.stringMatching(
          /argv\[\]=\/bin\/sh -c kill -HUP "\$\$1" sh \$\{MAINPID\} ; ignore_errors=no/,
        ),
        ExecStop: expect.stringMatching(/argv\[\]=\/bin\/sh app\.service 100% ;/),
        ExecStartPostEx: expect.stringMatching(/flags=ignore-failure privileged/),
        EnvironmentFiles: "/etc/passwd (ignore_errors=no)\n/nowhere/a b/100% (ignore_errors=yes)",
        Environment: expect.stringMatching(/"D=\/run\/app\.service"|D=\/run\/app\.service/),
        PassEnvironment: "LANG",
        SupplementaryGroups: "git",
        StandardOutput: "append",
        StandardError: "journal",
        SyslogIdentifier: "100% mine",
        LogRateLimitIntervalUSec: "30s",
        RestartUSec: "1min 30s",
        RestartSteps: "5",
        RestartMaxDelayUSec: "10min",
        RestartPreventExitStatus: "2 ABRT",
        SuccessExitStatus: "143 TERM",
        TimeoutStartUSec: "1min",
        TimeoutStopUSec: "infinity",
        RuntimeMaxUSec: "1d",
        KillMode: "mixed",
        KillSignal: "2",
        ReloadSignal: "12",
        FileDescriptorStoreMax: "16",
        FileDescriptorStorePreserve: "yes",
        Nice: "5",
        OOMScoreAdjust: "-500",
        OOMPolicy: "continue",
        LimitNOFILESoft: "1024",
        LimitNOFILE: "524288",
        LimitNPROC: "512",
        LimitCORE: "67108864",
        LimitMEMLOCK: "infinity",
        LimitRTPRIO: "5",
        Slice: "git.slice",
        CPUWeight: "50",
        CPUQuotaPerSecUSec: "1.500000s",
        MemoryLow: "67108864",
        MemoryMax: "1073741824",
        MemorySwapMax: "0",
        IOWeight: "200",
        PartOf: "multi-user.target",
        BindsTo: "-.mount",
        OnFailure: "emergency.target",
        Conflicts: expect.stringMatching(/emergency\.target/),
        RequiresMountsFor: expect.stringMatching(/"?\/home\/a b%"?/),
        LogExtraFields: expect.stringMatching(/A=100% \$HOME[^]*B=app\.service/),
      },
      "app-http.socket": {
        IPTOS: "16",
        IPTTL: "64",
        Mark: "7",
        Priority: "6",
        ReceiveBuffer: "65536",
        SendBuffer: "65536",
        PipeSize: "65536",
        TCPCongestion: "cubic",
        Timestamping: "us",
        Transparent: "yes",
        Broadcast: "yes",
        FlushPending: "yes",
        PassPacketInfo: "yes",
        TimeoutUSec: "10s",
      },
      "app-my\\x20api\\x2f100\\x25.socket": {
        Listen: "/run/my app/100%.sock (Stream)\n@abstract (Stream)",
        Symlinks: expect.stringMatching(/\/run\/my link\/100%\.sock[^]*\/run\/app-my\\+x20api/),
        PassCredentials: "yes",
        PassSecurity: "yes",
        SmackLabel: "a",
        SmackLabelIPIn: "*",
        SmackLabelIPOut: "@",
        PassFileDescriptorsToExec: "yes",
      },
      "app-packets.socket": { Listen: "/run/packets.sock (SequentialPacket)" },
      "app-multipath.socket": { SocketProtocol: "262" },
    };
    for (const [unit, properties] of Object.entries(meant)) {
      const shown = await systemd.systemctl("show", "--", unit);
      for (const [property, value] of Object.entries(properties)) {
        const lines = shown.split("\n").filter((line) => line.startsWith(`${property}=`));
        const seen = lines.map((line) => line.slice(property.length + 1)).join("\n");
        expect.soft({ [property]: seen }).toEqual({ [property]: value });
      }
    }
  });

  describeWith({ commands: ["busctl", "dbus-daemon"] }, "of random descriptions", () => {
    it("is loaded without a word, and is what they mean", () => isAsMeant(few));

    it("is loaded without a word, and is what they mean, for many more", { tags: "campaign" }, async () => {
      const many = describedBy(SEED, 2000);
      for (let from = 0; from < many.length; from += 100) await isAsMeant(many.slice(from, from + 100));
    });
  });

  async function isAsMeant(some: Described): Promise<void> {
    const files = some.map(({ description }) => emitUnits(description));
    const { complaints, shown, links } = await readBack(
      systemd,
      Object.assign({}, ...files) as Record<string, string>,
      some.flatMap(({ units }) => Object.keys(units)),
      some.map(({ enabled }) => enabled),
    );
    expect.soft(complaints).toBe("");
    const wrong = some.flatMap(({ description, units }, index) => {
      const lines = Object.entries(units).flatMap(([unit, meant]) =>
        differences(meant, shown[unit]!).map((line) => `${unit}: ${line}`),
      );
      return lines.length === 0 ? [] : [{ lines, description, files: files[index] }];
    });
    expect.soft(wrong).toEqual([]);
    expect(links.toSorted()).toEqual(some.flatMap((one) => one.links).toSorted());
  }
});
