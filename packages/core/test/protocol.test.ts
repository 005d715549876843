import { getSystemErrorName } from "node:util";
import { expect, test } from "vitest";
import { askLibsystemd, describeWith, type ListenVariables } from "@sockact/testkit";
import { type Answer, answer, OPEN } from "./listen-environment.ts";

/** The protocol, row by row. `$PID` is the pid of the process that is asked. */
const rows: [what: string, env: ListenVariables][] = [
  ["nothing was passed", {}],
  ["no LISTEN_PID", { LISTEN_FDS: "1" }],
  ["no LISTEN_FDS", { LISTEN_PID: "$PID" }],
  ["for another process", { LISTEN_PID: "1", LISTEN_FDS: "1" }],
  ["LISTEN_PID is empty", { LISTEN_PID: "", LISTEN_FDS: "1" }],
  ["LISTEN_PID is no number", { LISTEN_PID: "abc", LISTEN_FDS: "1" }],
  ["text behind LISTEN_PID", { LISTEN_PID: "$PIDx", LISTEN_FDS: "1" }],
  ["LISTEN_PID is 0", { LISTEN_PID: "0", LISTEN_FDS: "1" }],
  ["LISTEN_PID is negative", { LISTEN_PID: "-1", LISTEN_FDS: "1" }],
  ["LISTEN_PID is beyond any pid", { LISTEN_PID: "4294967296", LISTEN_FDS: "1" }],
  ["one socket", { LISTEN_PID: "$PID", LISTEN_FDS: "1" }],
  ["LISTEN_FDS is empty", { LISTEN_PID: "$PID", LISTEN_FDS: "" }],
  ["LISTEN_FDS is 0", { LISTEN_PID: "$PID", LISTEN_FDS: "0" }],
  ["LISTEN_FDS is negative", { LISTEN_PID: "$PID", LISTEN_FDS: "-1" }],
  ["LISTEN_FDS is no integer", { LISTEN_PID: "$PID", LISTEN_FDS: "1.5" }],
  ["a blank behind LISTEN_FDS", { LISTEN_PID: "$PID", LISTEN_FDS: "1 " }],
  ["the highest int", { LISTEN_PID: "$PID", LISTEN_FDS: "2147483647" }],
  ["more than an int", { LISTEN_PID: "$PID", LISTEN_FDS: "2147483648" }],
  ["a blank before, a sign", { LISTEN_PID: " +$PID", LISTEN_FDS: " +1" }],
  ["hexadecimal, binary", { LISTEN_PID: "$PID", LISTEN_FDS: "0b10" }],
  ["more than are open", { LISTEN_PID: "$PID", LISTEN_FDS: "41" }],
  ["names", { LISTEN_PID: "$PID", LISTEN_FDS: "2", LISTEN_FDNAMES: "http:https" }],
  ["one empty name", { LISTEN_PID: "$PID", LISTEN_FDS: "1", LISTEN_FDNAMES: "" }],
  ["an empty name first", { LISTEN_PID: "$PID", LISTEN_FDS: "2", LISTEN_FDNAMES: ":b" }],
  ["an empty name last", { LISTEN_PID: "$PID", LISTEN_FDS: "2", LISTEN_FDNAMES: "a:" }],
  ["the same name twice", { LISTEN_PID: "$PID", LISTEN_FDS: "2", LISTEN_FDNAMES: "a:a" }],
  ["too few names", { LISTEN_PID: "$PID", LISTEN_FDS: "2", LISTEN_FDNAMES: "a" }],
  ["too many names", { LISTEN_PID: "$PID", LISTEN_FDS: "1", LISTEN_FDNAMES: "a:b" }],
  ["too few names, for another process", { LISTEN_PID: "1", LISTEN_FDS: "2", LISTEN_FDNAMES: "a" }],
  ["an escaped colon", { LISTEN_PID: "$PID", LISTEN_FDS: "1", LISTEN_FDNAMES: "a\\:b" }],
  ["a backslash at the end", { LISTEN_PID: "$PID", LISTEN_FDS: "1", LISTEN_FDNAMES: "a\\" }],
  [
    "a backslash at the end, for another process",
    { LISTEN_PID: "1", LISTEN_FDS: "1", LISTEN_FDNAMES: "a\\" },
  ],
];

const intro = `# The protocol, row by row

What sd_listen_fds_with_names(3) of libsystemd makes of the variables, and what sockact does. Made by
\`packages/core/test/protocol.test.ts\`, which asks the libsystemd of the machine; \`npx vitest run packages/core/test/protocol.test.ts -u\` writes it anew.
\`packages/core/test/libsystemd.test.ts\` compares the two in some three hundred more environments, and in thousands of random ones; the documentation of \`parseListenEnvironment()\` lists the
differences that are meant.

\`$PID\` is the pid of the process. After any of these, an error too, all four variables are gone, and a second call finds none.
`;

describeWith({ systemd: 209 }, "docs/protocol.md", () => {
  test("says what libsystemd does, and what we do", async () => {
    const { pid, answers } = askLibsystemd(
      rows.map(([, env]) => env),
      OPEN,
    );
    const lines = rows.map(([what, template], index) => {
      const env = Object.entries(template).map(([name, value]): [string, string] => [
        name,
        value.replaceAll("$PID", String(pid)),
      ]);
      const cells = [
        what,
        Object.entries(template)
          .map((variable) => `\`${variable.join("=")}\``)
          .join(" "),
        outcome(answers[index] as Answer),
        outcome(answer(Object.fromEntries(env), pid)),
      ];
      return `| ${cells.join(" | ")} |`;
    });
    const table = ["| | variables | libsystemd | sockact |", "|---|---|---|---|", ...lines].join("\n");
    await expect(`${intro}\n${table}\n`).toMatchFileSnapshot("../../../docs/protocol.md");
  });
});

function outcome({ result, names, code }: Answer): string {
  if (code !== undefined && result >= 0) return `\`${code}\``;
  if (result < 0) return [getSystemErrorName(result), code && `\`${code}\``].filter(Boolean).join(", ");
  if (result === 0) return "none";
  return names.map((name) => (name === "" ? "(empty)" : `\`${name}\``)).join(", ");
}
