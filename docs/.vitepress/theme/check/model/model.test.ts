import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  changesBetween,
  checkUnits,
  fixFiles,
  isTooLong,
  longestText,
  marksOf,
  placeOfLine,
  summaryOf,
} from "./check.ts";
import { example } from "./example.ts";
import { begin, redo, step, undo } from "./history.ts";
import { fromHash, toHash } from "./link.ts";
import { pasteInto } from "./paste.ts";
import { freeName, mostCharacters, splitUnits, type UnitText } from "./split.ts";

const namesOf = (text: string) => splitUnits(text).files.map(({ name }) => name);

const socket = "[Unit]\nDescription=A\n\n[Socket]\nListenStream=80\n\n[Install]\nWantedBy=sockets.target\n";
const service = "[Unit]\nDescription=B\n\n[Service]\nExecStart=/usr/bin/node /srv/shop/server.js\n";

describe("a typo hides no other finding", () => {
  const codesOf = (text: string) => {
    const { findings, behindTypos } = checkUnits([{ name: "shop.service", text }], false);
    return findings.map((finding) => `${finding.line} ${finding.code}${behindTypos.has(finding) ? "?" : ""}`);
  };

  it.each([
    [
      "a section without its bracket",
      "[Service",
      ["1 file-unreadable", "3 user-root?", "4 directive-unknown?"],
    ],
    [
      "a misspelled section",
      "[Sevice]",
      ["1 section-unknown", "1 exec-missing", "3 user-root?", "4 directive-unknown?"],
    ],
    ["both", "[Sevice", ["1 file-unreadable", "3 user-root?", "4 directive-unknown?"]],
  ])("%s", (_what, header, codes) => {
    const found = codesOf(`${header}\nExecStart=/usr/bin/node /srv/shop/app.js\nUser=root\nRestrt=always\n`);
    expect(found.filter((code) => !/^1 (?:restart|start-limit)/.test(code))).toEqual(codes);
  });

  it.each([
    ['ExecStart=/usr/bin/node /srv/shop/app.js "a', "command-refused"],
    ["ExecStart=/usr/bin/node /srv/shop/app.js %Z", "command-refused"],
    ["ExecStrat=/usr/bin/node \\\n  /srv/shop/app.js", "directive-unknown"],
    ["ExecStart /usr/bin/node /srv/shop/app.js", "line-ignored"],
    ["ExecStart: /usr/bin/node /srv/shop/app.js", "line-ignored"],
  ])("%s", (line, code) => {
    const found = codesOf(`[Service]\n${line}\nUser=root\nRestrt=always\n`);
    expect(found).toContain(`2 ${code}`);
    const last = line.includes("\n") ? 5 : 4;
    expect(found.map((one) => one.replace("?", ""))).toEqual(
      expect.arrayContaining([`${last - 1} user-root`, `${last} directive-unknown`]),
    );
  });

  it("and a line that is no directive is not taken for one", () => {
    const text = "[Service]\nExecStart=/usr/bin/node /srv/shop/app.js\nHello world\nUser=root\n";
    expect(codesOf(text).filter((code) => code.startsWith("3"))).toEqual(["3 line-ignored"]);
  });

  it("and such a finding offers no fix, since a fix is for the text as it is", () => {
    const { findings, behindTypos } = checkUnits(
      [
        { name: "shop.socket", text: socket },
        { name: "shop.service", text: service.replace("[Service]", "[Sevice]") },
      ],
      false,
    );
    expect(behindTypos.size).toBeGreaterThan(0);
    expect(findings.filter((finding) => behindTypos.has(finding) && finding.edits !== undefined)).toEqual([]);
  });
});

describe("pasted text is split into files", () => {
  it("at the paths that systemctl cat prints, which do not become part of the files", () => {
    const dropIn = "[Service]\nUser=shop\n";
    const { files, user } = splitUnits(
      `# /etc/systemd/system/shop.service\n${service}\n# /etc/systemd/system/shop.service.d/user.conf\n${dropIn}\n# /run/systemd/system/shop.socket\n${socket}`,
    );
    expect(files).toEqual([
      { name: "shop.service", text: `${service}\n` },
      { name: "shop.service.d/user.conf", text: `${dropIn}\n` },
      { name: "shop.socket", text: socket },
    ]);
    expect(user).toBe(false);
  });

  it("for the service manager of a user, if the paths show this", () => {
    expect(splitUnits(`# /home/me/.config/systemd/user/shop.service\n${service}`).user).toBe(true);
    expect(splitUnits(`# /usr/lib/systemd/user/shop.service\n${service}`).user).toBe(true);
  });

  it.each([
    ["# shop.service", "# shop.socket"],
    ["shop.service:", "shop.socket:"],
    ["==> shop.service <==", "==> shop.socket <=="],
    ["; deploy/shop.service", "; deploy/shop.socket"],
  ])("at the headers %s and %s", (one, other) => {
    expect(namesOf(`${one}\n${service}\n${other}\n${socket}`)).toEqual(["shop.service", "shop.socket"]);
  });

  it("where another unit begins, with names from the type of each unit", () => {
    expect(namesOf(socket + service)).toEqual(["app.socket", "app.service"]);
    expect(namesOf(service + socket)).toEqual(["app.service", "app.socket"]);
    expect(namesOf("[Socket]\nListenStream=80\n[Service]\nExecStart=/bin/true\n")).toEqual([
      "app.socket",
      "app.service",
    ]);
    expect(namesOf(service + service)).toEqual(["app.service", "app-2.service"]);
    expect(namesOf("[Timer]\nOnBootSec=1\n")).toEqual(["app.timer"]);
    expect(namesOf("[Container]\nImage=a\n")).toEqual(["app.container"]);
  });

  it("with the names by which the units refer to each other", () => {
    expect(namesOf(`${socket}${service.replace("B", "B\nRequires=shop.socket")}`)).toEqual([
      "shop.socket",
      "shop.service",
    ]);
    expect(
      namesOf(
        `${socket.replace("[Socket]", "[Socket]\nService=gitea.service")}${service.replace("B", "B\nRequires=gitea.main.socket")}`,
      ),
    ).toEqual(["gitea.main.socket", "gitea.service"]);
  });

  it("with the comment above a section in the same file as the section", () => {
    const { files } = splitUnits(`${service}\n# The port\n${socket}`);
    expect(files[1]?.text).toBe(`# The port\n${socket}`);
  });

  it("but not at a remark with a file name, or at a repeated section", () => {
    for (const text of [
      "[Unit]\nAfter=network.target\n# db.service\n\n[Service]\nExecStart=/bin/true\n",
      "[Unit]\nAfter=network.target\n\n# db.service\n[Service]\nExecStart=/bin/true\n",
      "[Unit]\nDescription=A\n[Service]\nExecStart=/bin/true\n[Unit]\nAfter=network.target\n",
      "[Service]\nExecStart=/bin/true\n[Unit]\nAfter=network.target\n[Service]\nUser=a\n".slice(0, 55),
      "no unit at all",
      "",
    ])
      expect(splitUnits(text).files).toEqual([{ name: "app.service", text }]);
  });
});

/** Strings that are not meant as units. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        "[Unit]",
        "[Service]",
        "[Socket]",
        "[",
        "[]",
        "[Service",
        "# /etc/systemd/system/a.service",
        "# a.socket",
        "x.service:",
        "__proto__.service:",
        "Environment=LISTEN_PID=1",
        "ExecStart=/usr/bin/npm start",
        "ListenStream=80",
        "a\\",
        "\0",
        "\r\n",
        "\u202Eexe.ecivres",
        "<script>alert(1)</script>",
        "\uFEFF",
        "\uD800",
        "=",
        "",
      ),
      { maxLength: 30 },
    )
    .map((lines) => lines.join("\n")),
);

describe("any string", () => {
  it("is split, checked, fixed and linked without an error, and no line is lost", () => {
    fc.assert(
      fc.property(hostile, fc.boolean(), (text, user) => {
        const { files } = splitUnits(text);
        expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
        const kept = files.map((file) => file.text).join("").length;
        const headers = text.match(/.*\.(?:service|socket|conf).*/g)?.join("").length ?? 0;
        expect(kept + headers + 60).toBeGreaterThanOrEqual(text.replaceAll(/\r|\0/g, "").length - headers);
        const { findings } = checkUnits(files, user);
        const fixed = fixFiles(files, undefined, user);
        expect(fixed.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
        changesBetween(files, fixed);
        for (const finding of findings) {
          expect(files.map(({ name }) => name)).toContain(finding.file);
          placeOfLine(files.find(({ name }) => name === finding.file)!.text, finding.line);
        }
        const hash = toHash({ files, user });
        const back = hash === undefined ? undefined : fromHash(hash);
        // A link can't contain half of a surrogate pair.
        const isWhole = back !== undefined && !/\p{Surrogate}/u.test(text);
        expect(isWhole ? back : { files, user }).toEqual({ files, user });
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["empty lines", "\n".repeat(1_000_000)],
    ["headers", "# /a.service\n[Unit]\n".repeat(50_000)],
    ["sections", "[Unit]\n[Service]\n".repeat(60_000)],
    ["one line", "x".repeat(1_000_000)],
  ])("of 1 MB stays in one file, and is not checked: %s", (_, text) => {
    const { files } = splitUnits(text);
    expect(files.length).toBe(1);
    const checked = checkUnits(files, false);
    expect(checked).toMatchObject({ findings: [], tooLong: true });
    expect(summaryOf(files, checked)).toMatch(/too long/);
  });

  it.each([
    "a",
    "\n",
    "a\n",
    "[Unit]\n[Service]\n",
    "[Sevice]\n",
    "# /a.service\n[Unit]\n",
    "A=LISTEN_FDS\n",
  ])("of the maximum length is checked: %j, repeated", (line) => {
    const { files } = splitUnits(line.repeat(Math.floor(mostCharacters / line.length)));
    expect(files.length).toBeLessThanOrEqual(50);
    expect(checkUnits(files, false).tooLong).toBe(false);
  });
});

/**
 * Lines of the maximum length. A search that begins anew at each character takes seconds for them,
 * and one that reads the line once takes milliseconds. The time of the processor does not depend on what else
 * the machine does.
 */
describe("one long line takes no longer than many short ones", () => {
  const tails = ["", "!", ".service", ".service:!"];
  const parts = [
    "#",
    ";",
    "-",
    "=",
    "/",
    "a",
    ".",
    ":",
    "@",
    " ",
    "a/",
    "a.",
    "a.service",
    "<<",
    "$(",
    "\\ ",
    '"',
  ];

  it.each([
    "",
    "# ",
    "==> ",
    "cat <<A ",
    "sudo tee /a.service <<'",
    "[Service]\nExecStart=",
    "[Socket]\nListenStream=",
  ])(
    "after %j",
    (start) => {
      for (const part of parts)
        for (const tail of tails) {
          const count = Math.floor((mostCharacters - start.length - tail.length) / part.length);
          const text = start + part.repeat(count) + tail;
          const before = process.cpuUsage();
          const { files } = pasteInto([{ name: "app.service", text: "" }], 0, {
            before: "",
            pasted: text,
            after: "",
          });
          const { findings } = checkUnits(files, false);
          const { user, system } = process.cpuUsage(before);
          expect(user + system, `microseconds for ${part} and ${tail}`).toBeLessThan(500_000);
          for (const { name } of files) expect(name.length).toBeLessThan(260);
          for (const { message, why, fix } of findings)
            expect(Math.max(message.length, why.length, fix.length)).toBeLessThan(longestText + 3);
        }
    },
    60_000,
  );

  it("and many lines before a header are read once", () => {
    const text = `${"\n".repeat(40_000)}A=1\n${"# a.service\n[Service]\n".repeat(2600)}`;
    const before = process.cpuUsage();
    splitUnits(text);
    const { user, system } = process.cpuUsage(before);
    expect(user + system, "microseconds").toBeLessThan(500_000);
  });
});

it("a long line is shortened in the findings and in the changes, and code in it ends", () => {
  const text = `[Socket]\nListenStream=${"80,".repeat(3000)}80\n`;
  const { findings } = checkUnits([{ name: "a.socket", text }], false);
  expect(findings.find(({ code }) => code === "address-invalid")?.fix).toHaveLength(longestText + 1);
  const [change] = changesBetween([{ name: "a.socket", text }], [{ name: "a.socket", text: "" }]);
  expect(change?.lines.map((line) => line.text.length)).toEqual([8, longestText + 1]);
});

it("a name that systemd would refuse as too long names no file", () => {
  const long = `${"a".repeat(300)}.service`;
  expect(namesOf(`# /etc/${long}\n${service}`)).toEqual(["app.service"]);
  expect(namesOf(`${socket.replace("[Socket]", `[Socket]\nService=${long}`)}${service}`)).toEqual([
    "app.socket",
    "app.service",
  ]);
  expect(fromHash(toHash({ files: [{ name: long, text: "" }], user: false })!)).toBeUndefined();
});

describe("the example", () => {
  const files = [...example];
  const { findings } = checkUnits(files, false);
  const codes = findings.map(({ code }) => code);

  it("has findings of each severity, with and without an automatic fix", () => {
    expect(codes).toEqual(
      expect.arrayContaining([
        "order-cycle",
        "requires-missing",
        "exec-launcher",
        "jit-killed",
        "variable-reserved",
      ]),
    );
    expect(findings.some(({ edits }) => edits !== undefined)).toBe(true);
    expect(findings.some(({ edits }) => edits === undefined)).toBe(true);
  });

  it("marks the line of each planted mistake", () => {
    const lines = (name: string) => files.find((file) => file.name === name)!.text.split("\n");
    const marked = [...marksOf(findings, "shop.service").keys()].map(
      (line) => lines("shop.service")[line - 1],
    );
    expect(marked).toContain("ExecStart=/usr/bin/npm start");
    expect(marked).toContain("Environment=NODE_ENV=production LISTEN_FDS=1");
    expect(marksOf(findings, "shop.socket").get(3)).toBe("warning");
  });

  it("loses a finding when its fix is applied, and all fixable findings when all fixes are applied", () => {
    const finding = findings.find(({ code }) => code === "variable-reserved")!;
    const fixed = fixFiles(files, finding, false);
    expect(changesBetween(files, fixed)).toEqual([
      {
        file: "shop.service",
        lines: [
          { sign: "-", text: "Environment=NODE_ENV=production LISTEN_FDS=1" },
          { sign: "+", text: "Environment=NODE_ENV=production" },
        ],
      },
    ]);
    expect(checkUnits(fixed, false).findings.map(({ code }) => code)).not.toContain("variable-reserved");
    const all = fixFiles(files, undefined, false);
    expect(checkUnits(all, false).findings.some(({ edits }) => edits !== undefined)).toBe(false);
  });
});

describe("a link", () => {
  it("restores names, contents and the option", () => {
    const shared = { files: [...example], user: true };
    const hash = toHash(shared)!;
    expect(hash).toMatch(/^#user&units=[\w-]+$/);
    expect(hash.length).toBeLessThan(1000);
    expect(fromHash(hash)).toEqual(shared);
  });

  it("is not created if it would be too long", () => {
    const text = Array.from({ length: 9000 }, (_, index) => Math.sin(index)).join("");
    expect(toHash({ files: [{ name: "a.service", text }], user: false })).toBeUndefined();
  });

  it.each(["", "#", "#findings", "#units=", "#units=AAAA", "#units=%%%", `#units=${"A".repeat(9000)}`])(
    "that this page did not create restores nothing: %.20s",
    (hash) => expect(fromHash(hash)).toBeUndefined(),
  );

  it("with more text than the page checks restores nothing", () => {
    const files: UnitText[] = [{ name: "a.service", text: "a".repeat(2_000_000) }];
    expect(fromHash(toHash({ files, user: false })!)).toBeUndefined();
  });
});

describe("Undo and Redo", () => {
  it("treat typing up to a pause as one step, and every other change as one step", () => {
    let history = begin("");
    history = step(history, "a", "type", 1000);
    history = step(history, "ab", "type", 1200);
    history = step(history, "abc", "type", 5000);
    history = step(history, "fixed", "fix", 5100);
    const seen = [history.now];
    for (let times = 0; times < 4; times += 1) {
      history = undo(history);
      seen.push(history.now);
    }
    expect(seen).toEqual(["fixed", "abc", "ab", "", ""]);
    expect(redo(redo(history)).now).toBe("abc");
    expect(redo(step(undo(history), "new", "type", 6000)).now).toBe("new");
  });
});

it("a new file gets a name that no other file has", () => {
  expect(freeName("app.service", [{ name: "app.service" }, { name: "app-2.service" }])).toBe("app-3.service");
});

describe("text that is pasted into a file", () => {
  const shop = [{ name: "shop.service", text: service }];
  const paste = (files: UnitText[], pasted: string, before = "", after = "") =>
    pasteInto(files, 0, { before, pasted, after });
  const headed = `# /etc/systemd/system/shop.socket\n${socket}`;

  it("becomes a file of its own above the text, if a header names it", () => {
    expect(paste(shop, headed, "", service).files).toEqual([{ name: "shop.socket", text: socket }, ...shop]);
  });

  it("becomes a file of its own below the text, if it is another unit", () => {
    expect(paste(shop, headed, service).files.map(({ name }) => name)).toEqual([
      "shop.service",
      "shop.socket",
    ]);
  });

  it("names the file that it replaces, and otherwise the file keeps its name", () => {
    expect(paste(shop, headed).files).toEqual([{ name: "shop.socket", text: socket }]);
    const line = "Environment=A=1\r\n";
    expect(paste(shop, line, service).files).toEqual([
      { name: "shop.service", text: `${service}Environment=A=1\n` },
    ]);
  });

  it("loses the fences of Markdown, and the shell lines that write a file", () => {
    const script = [
      "$ sudo tee /etc/systemd/system/shop.socket > /dev/null <<'EOF'",
      `${socket}EOF`,
      "cat > shop.service << END",
      `${service}END`,
      "",
    ].join("\n");
    const empty = [{ name: "app.service", text: "" }];
    expect(paste(empty, script).files).toEqual([
      { name: "shop.socket", text: socket },
      { name: "shop.service", text: service },
    ]);
    expect(paste(empty, `\`\`\`ini\n${service}\`\`\`\n`).files).toEqual([
      { name: "app.service", text: service },
    ]);
    const here = "[Service]\nExecStart=/bin/sh -c 'cat <<EOF'\n";
    expect(paste(empty, here).files).toEqual([{ name: "app.service", text: here }]);
  });

  it("with more units than files says how many have no file of their own", () => {
    const { files, rest } = paste([{ name: "app.service", text: "" }], service.repeat(100));
    expect(files.length).toBe(50);
    expect(rest).toBe(50);
  });
});

it("a file with many short lines is too long to be pasted", () => {
  expect(isTooLong([{ name: "a.service", text: "A\n".repeat(5001) }])).toBe(true);
  expect(isTooLong([{ name: "a.service", text: "A\n".repeat(4000) }])).toBe(false);
});

it("a socket without its service gets a note, and not an error", () => {
  const one = { name: "shop.socket", text: socket };
  expect(checkUnits([one], false).findings).toMatchObject([
    { code: "service-missing", severity: "info", fix: "Paste the service too." },
  ]);
  const other = { name: "other.service", text: service };
  expect(checkUnits([one, other], false).findings).toContainEqual(
    expect.objectContaining({ code: "service-missing", severity: "error" }),
  );
});
