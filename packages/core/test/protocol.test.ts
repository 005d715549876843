import { getSystemErrorName } from "node:util";
import { expect, test } from "vitest";
import { askLibsystemd, describeWith, type ListenVariables } from "@sockact/testkit";
import { type Answer, answer, OPEN } from "./listen-environment.ts";

/** The cases of the page. `$PID` stands for the process ID of the process that is asked. */
const rows: [what: string, env: ListenVariables][] = [
  ["nothing was passed", {}],
  ["no LISTEN_PID", { LISTEN_FDS: "1" }],
  ["no LISTEN_FDS", { LISTEN_PID: "$PID" }],
  ["for another process", { LISTEN_PID: "1", LISTEN_FDS: "1" }],
  ["LISTEN_PID is empty", { LISTEN_PID: "", LISTEN_FDS: "1" }],
  ["LISTEN_PID is not a number", { LISTEN_PID: "abc", LISTEN_FDS: "1" }],
  ["a letter after LISTEN_PID", { LISTEN_PID: "$PIDx", LISTEN_FDS: "1" }],
  ["LISTEN_PID is 0", { LISTEN_PID: "0", LISTEN_FDS: "1" }],
  ["LISTEN_PID is negative", { LISTEN_PID: "-1", LISTEN_FDS: "1" }],
  ["LISTEN_PID is larger than any process ID", { LISTEN_PID: "4294967296", LISTEN_FDS: "1" }],
  ["one socket", { LISTEN_PID: "$PID", LISTEN_FDS: "1" }],
  ["LISTEN_FDS is empty", { LISTEN_PID: "$PID", LISTEN_FDS: "" }],
  ["LISTEN_FDS is 0", { LISTEN_PID: "$PID", LISTEN_FDS: "0" }],
  ["LISTEN_FDS is negative", { LISTEN_PID: "$PID", LISTEN_FDS: "-1" }],
  ["LISTEN_FDS is not an integer", { LISTEN_PID: "$PID", LISTEN_FDS: "1.5" }],
  ["a blank after LISTEN_FDS", { LISTEN_PID: "$PID", LISTEN_FDS: "1 " }],
  ["LISTEN_FDS is the highest int", { LISTEN_PID: "$PID", LISTEN_FDS: "2147483647" }],
  ["larger than the highest int", { LISTEN_PID: "$PID", LISTEN_FDS: "2147483648" }],
  ["a blank and a sign before the number", { LISTEN_PID: " +$PID", LISTEN_FDS: " +1" }],
  ["a binary number", { LISTEN_PID: "$PID", LISTEN_FDS: "0b10" }],
  ["more descriptors than are open", { LISTEN_PID: "$PID", LISTEN_FDS: "41" }],
  ["two names", { LISTEN_PID: "$PID", LISTEN_FDS: "2", LISTEN_FDNAMES: "http:https" }],
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

const intro = `# The protocol, case by case

How does sockact read the variables that systemd sets, and does it agree with libsystemd? This page compares it with sd_listen_fds_with_names(3).

You need this page only if you write a supervisor, or if you want to know why sockact has ignored or refused your variables. [Errors and warnings](errors.md) explains what to change.

\`$PID\` is the process ID of the app. The result of a case is a list of names, one for each file descriptor. "None" means that no socket was passed to this process, which is not an error. \`EINVAL\`, \`ERANGE\` and \`EBADF\` are the errors that libsystemd returns, followed by the code of the error that sockact throws. After each case, even after an error, all four variables are gone from the environment, and a second call finds none.
`;

const outro = `## How is this tested?

\`packages/core/test/protocol.test.ts\` writes this page. It asks the libsystemd on the machine. \`npx vitest run packages/core/test/protocol.test.ts -u\` updates the page.

\`packages/core/test/libsystemd.test.ts\` compares sockact with libsystemd in about three hundred more environments, and in thousands of random ones. The documentation of \`parseListenEnvironment()\` lists the two intended differences.
`;

describeWith({ systemd: 209 }, "docs/protocol.md", () => {
  test("shows what libsystemd does, and what sockact does", async () => {
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
        compare(outcome(answers[index] as Answer), outcome(answer(Object.fromEntries(env), pid))),
      ];
      return `| ${cells.join(" | ")} |`;
    });
    const table = ["| case | variables | result |", "|---|---|---|", ...lines].join("\n");
    await expect(`${intro}\n${table}\n\n${outro}`).toMatchFileSnapshot("../../../docs/protocol.md");
  });
});

/** One result where both agree. Errors of sockact have a code besides. */
function compare(libsystemd: string, sockact: string): string {
  return sockact === libsystemd || sockact.startsWith(`${libsystemd}, \`SOCKACT_ERR_`)
    ? sockact
    : `libsystemd: ${libsystemd}; sockact: ${sockact}`;
}

function outcome({ result, names, code }: Answer): string {
  if (code !== undefined && result >= 0) return `\`${code}\``;
  if (result < 0) return [getSystemErrorName(result), code && `\`${code}\``].filter(Boolean).join(", ");
  if (result === 0) return "none";
  return names.map((name) => (name === "" ? "(empty)" : `\`${name}\``)).join(", ");
}
