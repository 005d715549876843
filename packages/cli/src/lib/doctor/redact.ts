import { clean } from "../output/clean.ts";

const HIDDEN = "…";

/** Names of variables and options whose values are secrets. */
const secretName = String.raw`\w*(?:password|passwd|secret|token|api_?key|private_?key|credential|auth)\w*`;

/** A password in a URL; the value of an option such as --token; a variable such as DB_PASSWORD=…; an authorization header. */
const patterns: [RegExp, string][] = [
  [/(\b[a-z][a-z\d+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, `$1${HIDDEN}@`],
  [new RegExp(String.raw`(--${secretName.replaceAll("_", "[-_]")}[= ])\S+`, "gi"), `$1${HIDDEN}`],
  [new RegExp(String.raw`\b(${secretName}=)("[^"]*"|'[^']*'|\S+)`, "gi"), `$1${HIDDEN}`],
  [/\b(bearer|basic) [\w+/=.~-]{8,}/gi, `$1 ${HIDDEN}`],
];

/** Variables that say how the app is run. */
const openNames =
  /^(?:NODE_ENV|PORT|HOST|HOME|PATH|LANG|TZ|NODE_OPTIONS|NODE_COMPILE_CACHE|USER|LOGNAME|SHELL|INVOCATION_ID|JOURNAL_STREAM|MANAGERPID|NOTIFY_SOCKET|\w+_DIRECTORY|(?:SOCKACT|LISTEN|SYSTEMD|WATCHDOG|MEMORY_PRESSURE|DBUS|XDG)_\w+)$/;

/** Returns a function that hides secrets: those that look like one, and the values of these variables, `NAME=value` each. */
export function redactor(environment: readonly string[]): (text: string) => string {
  const values = environment
    .flatMap((variable) => {
      const [, name = "", value = ""] = /^([^=]+)=(.*)$/s.exec(variable) ?? [];
      if (openNames.test(name)) return [];
      // A value of a few letters, such as `yes`, is part of other words too. Paths and ports are public.
      return [value, ...value.split("\n")].filter(
        (each) => each.length > 3 && !/^(?:\/.*|\d{1,5})$/s.test(each),
      );
    })
    // Of two values, one may be a part of the other.
    .toSorted((one, other) => other.length - one.length);
  return (text) => {
    // What an app has printed must not control the terminal.
    const withoutValues = values.reduce((rest, value) => rest.replaceAll(value, HIDDEN), clean(text));
    return patterns
      .reduce((rest, [pattern, instead]) => rest.replaceAll(pattern, instead), withoutValues)
      .replaceAll(
        /^([-+\s]*(?:Environment|SetCredential(?:Encrypted)?)=["']?([^=:\s]+)[=:]).*$/gm,
        (line, start, name) => (openNames.test(name) ? line : `${start}${HIDDEN}`),
      );
  };
}
