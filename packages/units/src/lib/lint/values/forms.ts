import { wordsOf } from "../../parse/words.ts";
import { refusedAddress } from "../../systemd/addresses.ts";
import { shown } from "../../problems.ts";
import { refusedUnitName } from "../../systemd/unit-names.ts";
import { exitNames } from "../../systemd/value-names.ts";
import { wholeOf } from "../../systemd/amounts.ts";
import {
  absolutePath,
  afterSigns,
  choice,
  expanded,
  isSignal,
  orEmpty,
  plainWords,
  quotedWords,
  valueWhere,
  type ReadValue,
} from "./readers.ts";

export const path: ReadValue = orEmpty(expanded(absolutePath));

export const paths: ReadValue = quotedWords(expanded(absolutePath));

export const oneSignal: ReadValue = valueWhere(isSignal, "not a signal", "its name, such as SIGTERM");

const isVariable = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

export const assignment: ReadValue = valueWhere(
  (text) => /^[A-Za-z_]\w*=/.test(text),
  "not a variable with its value",
  'NAME=value, or "NAME=a value" with its space',
);

export const variableName: ReadValue = valueWhere(
  isVariable,
  "not the name of a variable",
  "letters, digits and _, with no digit first",
);

/** Environment= has escapes, and an invalid one ends the list. */
export const environment: ReadValue = (text, unit) => {
  const { problem } = wordsOf(text);
  return problem === undefined
    ? quotedWords(expanded(assignment))(text, unit)
    : { is: problem, write: "quotes in pairs, and \\\\ for a backslash" };
};

const unitName = valueWhere(
  (text) => refusedUnitName(text.replace("@.", "@x.")) === undefined,
  "not the name of a unit",
  "it in full, as in postgresql.service",
);

/** Names with escapes are not checked. */
export const unitNames: ReadValue = plainWords((text, unit) =>
  /["'\\]/.test(text) ? undefined : expanded(unitName)(text, unit),
);

export const unitOfType = (type: string): ReadValue =>
  expanded(
    valueWhere(
      (text) => text.includes("\\") || (text.endsWith(`.${type}`) && refusedUnitName(text) === undefined),
      `not the name of a ${type} unit`,
      `it in full, with .${type} at its end`,
    ),
  );

/** systemd.slice(5): each `-` separates a slice from its parent. Slices have no instances. */
export const slice: ReadValue = expanded(
  valueWhere(
    (text) => /^(?:-|(?:[\w:.\\]+-)*[\w:.\\]+)\.slice$/.test(text),
    "not the name of a slice",
    "it in full, as in web.slice",
  ),
);

/** systemd accepts many names with a warning. This rejects only names that no account can have. */
export const account: ReadValue = expanded(
  valueWhere(
    (text) => {
      if (/^\d+$/.test(text)) {
        return /^(?:0|[1-9]\d*)$/.test(text) && Number(text) < 2 ** 32 - 1 && text !== "65535";
      }
      return !/^-\d|^\.{1,2}$|[\s:/]/.test(text) && text !== "";
    },
    "not the name of an account",
    "a name as in /etc/passwd, or a number",
  ),
);

export const directories = (allowed: "links" | "names"): ReadValue =>
  quotedWords(
    expanded((text) => {
      const [source = "", target = "", flags = "", ...rest] = text.split(":");
      if (allowed === "names" && text.includes(":")) {
        return {
          is: "a folder with a link, which this directive does not support",
          write: "the folder alone",
        };
      }
      for (const folder of target === "" ? [source] : [source, target]) {
        if (folder.startsWith("/")) {
          return {
            is: `${shown(folder)} is absolute`,
            write: "a name: systemd creates the folder in a fixed place, such as /run",
          };
        }
        if (/^\.?$|(?:^|\/)\.\.(?:\/|$)/.test(folder)) {
          return { is: `${shown(folder)} is not the name of a folder`, write: "a name without . and .." };
        }
        if (/^private(?:\/|$)/.test(folder)) {
          return { is: `${shown(folder)} is reserved for systemd`, write: "another name" };
        }
      }
      return rest.length > 0 || !/^(?:ro)?$/.test(flags)
        ? { is: "a folder with an unknown option", write: "folder:link:ro, or the folder alone" }
        : undefined;
    }),
  );

export const mount: ReadValue = quotedWords(
  expanded((text, unit) => {
    const [source = "", target, ...options] = text.split(":");
    const refused =
      absolutePath(source.replace(/^-/, ""), unit) ??
      (target === undefined ? undefined : absolutePath(target, unit));
    if (refused !== undefined) return refused;
    return options.every((option) => /^(?:no)?rbind$/.test(option))
      ? undefined
      : { is: "a mount with an unknown option", write: "rbind or norbind after the second path" };
  }),
);

export const exitStatuses: ReadValue = quotedWords(
  valueWhere(
    (text) => {
      const number = wholeOf(text);
      return number === undefined ? exitNames.has(text) || isSignal(text) : number >= 0 && number <= 255;
    },
    "not an exit status",
    "numbers from 0 to 255, names as `systemd-analyze exit-status` lists them, or signals",
  ),
);

const named = valueWhere(
  (text) => /^fd(?::[ -9;-~]*)?$/.test(text),
  "not the name of a file descriptor",
  "fd:name",
);

export const output: ReadValue = streams(
  "inherit null tty journal kmsg journal+console kmsg+console syslog syslog+console socket",
  "file",
  "append",
  "truncate",
);

export const input: ReadValue = streams("null tty tty-force tty-fail data socket", "file");

function streams(words: string, ...files: string[]): ReadValue {
  const names = words.split(" ");
  return (text, unit) => {
    const [, kind, place] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
    if (place !== undefined && files.includes(kind!)) return expanded(absolutePath)(place, unit);
    if (names.includes(text) || named(text, unit) === undefined) return undefined;
    const current = names.filter((name) => !name.startsWith("syslog"));
    return {
      is: "not among the choices",
      write: `one of ${[...current, "fd:name", ...files.map((file) => `${file}:/path`)].join(", ")}`,
    };
  };
}

export const fileName: ReadValue = valueWhere(
  (text) => /^(?!\.{1,2}$)[\w.@:-]+$/.test(text),
  "not a name",
  "letters, digits, and . _ - alone",
);

/** The name of a credential comes before the colon. */
export const credential =
  (needs: "" | ":"): ReadValue =>
  (text, unit) => {
    if (!text.includes(needs)) return { is: "a name without a value", write: "name:value" };
    return expanded(
      valueWhere(
        (name) => /^(?!\.{1,2}$)[ -.0-9;-~]{1,255}$/.test(name),
        "not the name of a credential",
        "a name without /, then a colon",
      ),
    )(text.replace(/:.*/s, ""), unit);
  };

/** OpenFile=/path:name:options, without specifiers. */
export const openFile: ReadValue = (text, unit) => {
  const [file = "", name = "", options = "", ...rest] = text.split(":");
  const list = options.split(",");
  const isOne = list.filter((option) => /^(?:read-only|append|truncate)$/.test(option)).length <= 1;
  const isKnown =
    options === "" ||
    list.every((option) => ["read-only", "append", "truncate", "graceful"].includes(option));
  if (rest.length === 0 && isKnown && isOne && /^[ -9;-~]{0,255}$/.test(name)) {
    // The rule open-file-path has the fix.
    if (file.startsWith("/") || /^%.\/systemd\/notify$/.test(file)) return undefined;
    return absolutePath(file, unit);
  }
  return {
    is: "not a file with its name and options",
    write: "/path:name:options, with one of read-only, append and truncate, and graceful",
  };
};

export const documentation: ReadValue = quotedWords(
  expanded(
    valueWhere(
      (text) => /^(?:https?:\/\/|file:\/|info:|man:)./.test(text),
      "not a URI that systemd shows",
      "https://…, file:/…, info:… or man:…",
    ),
  ),
);

export const action: ReadValue = choice(
  "none",
  ...["reboot", "poweroff", "exit", "soft-reboot", "kexec", "halt"].flatMap((name) => [
    name,
    `${name}-force`,
    `${name}-immediate`,
  ]),
);

export const jobMode: ReadValue = choice(
  "fail",
  "replace",
  "replace-irreversibly",
  "isolate",
  "flush",
  "ignore-dependencies",
  "ignore-requirements",
  // Since systemd 258.
  "lenient",
);

/** The rule address-invalid reports values that are not addresses. */
export const sequentialAddress: ReadValue = orEmpty(
  expanded(
    valueWhere(
      (text) => /^(?:[/@]|vsock)/.test(text) || refusedAddress(text) !== undefined,
      "not the address of a unix socket",
      "/run/app.sock or @abstract",
    ),
  ),
);

export const netlink: ReadValue = orEmpty(
  expanded(
    valueWhere(
      (text) =>
        /^(?:route|firewall|inet-diag|nflog|xfrm|selinux|iscsi|audit|fib-lookup|connector|netfilter|ip6-fw|dnrtmsg|kobject-uevent|generic|scsitransport|ecryptfs|rdma|\d+)(?:[ \t]+\d+)?$/.test(
          text,
        ),
      "not a family of netlink",
      "its name and a group, such as kobject-uevent 1",
    ),
  ),
);

/** A condition may be negated or be an alternative. */
export const conditionPath: ReadValue = orEmpty(afterSigns(/^\|?!?/, expanded(absolutePath)));

export const levels: ReadValue = choice(
  "emerg",
  "alert",
  "crit",
  "err",
  "warning",
  "notice",
  "info",
  "debug",
);

export const facilities: ReadValue = choice(
  ..."kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split(" "),
  ..."01234567".split("").map((number) => `local${number}`),
);

/** Reads a value in lower or upper case. */
export const lower =
  (read: ReadValue): ReadValue =>
  (text, unit) =>
    read(text.toLowerCase(), unit);
