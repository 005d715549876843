import { existsSync } from "node:fs";
import { clean } from "../shared/clean.ts";

const HIDDEN = "…";

/** Names of variables, options and fields with secrets. */
const secretName = String.raw`(?:[\w-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|auth)[\w-]*|[\w-]*(?:^|\b|_)(?:pwd|pass|pin|sid|cookie|session)\b)`;

/**
 * A password in a URL; the value of an option such as --token; a variable such as DB_PASSWORD=…; an
 * authorization header; secrets with a known format.
 */
const patterns: [RegExp, string][] = [
  // A password may have any character. An address has no colon except before its port.
  [/(\b[a-z][a-z\d+.-]*:\/\/[^\s/:@]*:)[^\s"'<>]+@/gi, `$1${HIDDEN}@`],
  [/(\b[a-z][a-z\d+.-]*:\/\/)[^\s/:@]+@/gi, `$1${HIDDEN}@`],
  [/([?&](?:[\w-]*(?:key|signature|token|secret|auth|password)|sig|code|sid)=)[^\s&"']+/gi, `$1${HIDDEN}`],
  [new RegExp(String.raw`(--${secretName}[= ])\S+`, "gi"), `$1${HIDDEN}`],
  [new RegExp(String.raw`\b(${secretName}=)("[^"]*"|'[^']*'|\S+)`, "gi"), `$1${HIDDEN}`],
  [/\b(bearer|basic) [\w+/=.~-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, HIDDEN],
  [
    /\b(?:(?:AKIA|ASIA)[A-Z\d]{16}|gh[a-z]_\w{20,}|github_pat_\w{20,}|xox[a-z]-[\w-]{10,}|[spr]k_(?:live|test)_\w{8,})\b/g,
    HIDDEN,
  ],
];

/** More secrets in a program's output: headers, fields of JSON and YAML, and keys. */
const printedPatterns: [RegExp, string][] = [
  [/\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^\n"']+/gi, `$1${HIDDEN}`],
  [/\b((?:set-)?cookie["']?\s*[:=]\s*["']?)[^\n"']+/gi, `$1${HIDDEN}`],
  [
    new RegExp(
      String.raw`\b(${secretName}["']?\s*:\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;}\]]+)`,
      "gi",
    ),
    `$1${HIDDEN}`,
  ],
  [/-----BEGIN [A-Z ]*KEY-----[^]*?(?:-----END [A-Z ]*KEY-----|$)/g, HIDDEN],
  // The body of a key, without its first line.
  [/^\s*[A-Za-z\d+/]{60,}={0,2}\s*$/gm, HIDDEN],
];

/** Variables whose values are public. */
const openNames =
  /^(?:NODE_ENV|PORT|HOST|HOME|PATH|LANG|TZ|NODE_OPTIONS|NODE_COMPILE_CACHE|USER|LOGNAME|SHELL|INVOCATION_ID|JOURNAL_STREAM|MANAGERPID|NOTIFY_SOCKET|\w+_DIRECTORY|(?:SOCKACT|LISTEN|SYSTEMD|WATCHDOG|MEMORY_PRESSURE|DBUS|XDG)_\w+)$/;

/** Hides secrets. */
export interface Redactor {
  /**
   * For the doctor's own text and commands. Values that are plain words, paths or ports are not hidden there.
   */
  own(text: string): string;
  /** For a program's output or the content of a file. */
  quoted(text: string): string;
}

interface Value {
  text: string;
  isSecret: boolean;
}

/**
 * Hides what looks like a secret, and the values of these variables, `NAME=value` each. Unit names are
 * public.
 */
export function redactor(environment: readonly string[], units: readonly string[]): Redactor {
  const isName = new RegExp(`^${secretName}$`, "i");
  const values = environment
    .flatMap((variable): Value[] => {
      const [, name = "", value = ""] = /^([^=]+)=(.*)$/s.exec(variable) ?? [];
      const isSecret = isName.test(name);
      return openNames.test(name)
        ? []
        : [...new Set([value, ...value.split("\n")])].map((text) => ({ text, isSecret }));
    })
    .filter(({ text }) => text.length > 1 && !units.some((unit) => unit.includes(text)))
    // One value may contain another.
    .toSorted((one, other) => other.text.length - one.text.length);
  const isPublic = ({ text }: Value): boolean => text.length < 4 || /^(?:\/.*|\d{1,5})$/s.test(text);
  const inOwn = values.filter((value) => !isPublic(value) && !/^[A-Za-z-]{1,16}$/.test(value.text));
  // The path of a key file is not a secret, but a key may begin with a slash.
  const inQuoted = values.filter(
    (value) =>
      !isPublic(value) || (value.isSecret && !(value.text.startsWith("/") && existsSync(value.text))),
  );
  const hide = (text: string, of: readonly Value[]): string =>
    patterns.reduce(
      (rest, [pattern, instead]) => rest.replaceAll(pattern, instead),
      // An app's output must not control the terminal.
      of.reduce((rest, { text: value }) => withoutValue(rest, value), clean(text)),
    );
  return {
    own: (text) => withoutAssignments(hide(text, inOwn)),
    quoted: (text) =>
      withoutAssignments(
        printedPatterns.reduce(
          (rest, [pattern, instead]) => rest.replaceAll(pattern, instead),
          hide(text, inQuoted),
        ),
      ),
  };
}

/** A short value, such as `yes`, may be part of other words. */
function withoutValue(text: string, value: string): string {
  if (value.length > 8 || !text.includes(value)) return text.replaceAll(value, HIDDEN);
  const escaped = value.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return text.replaceAll(new RegExp(String.raw`(?<!\w)${escaped}(?!\w)`, "g"), HIDDEN);
}

function withoutAssignments(text: string): string {
  return text.replaceAll(
    /^([-+\s]*(?:Environment|SetCredential(?:Encrypted)?)=["']?([^=:\s]+)[=:]).*$/gm,
    (line, start, name) => (openNames.test(name) ? line : `${start}${HIDDEN}`),
  );
}
