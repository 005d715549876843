import type { Line } from "../../write/lines.ts";
import { entriesByName, isObject, objectOf, readFields } from "./fields.ts";
import { member, type UnitProblem } from "../../problems.ts";
import { boolean, matching, rawText, report, textOf, type Read } from "../values/readers.ts";
import { refusedPath } from "../values/paths.ts";

const named = rawText(
  matching(
    "SOCKACT_ERR_UNIT_NAME",
    /^(?!\.{1,2}$)[\w.@+-]{1,255}$/,
    "not the name of a credential",
    "1 to 255 ASCII letters, digits and _ . @ + -, as in 'tls.key'",
  ),
);

/**
 * systemd 255 to 257 pass these to a helper process as arguments. With too many, the service fails to start.
 */
const file = rawText((path) =>
  /[ \\]/.test(path)
    ? {
        code: "SOCKACT_ERR_UNIT_PATH",
        message: "it contains a space or a backslash, and systemd cannot load such a credential",
        hint: "rename it, or link to it from another path",
      }
    : refusedPath(path),
);

/** A file, a unix socket, or the name of a credential in systemd. */
const source: Read = (value, path, problems) =>
  (typeof value === "string" && !value.includes("/") ? named : file)(value, path, problems);

/** SetCredential= has C escapes and no specifiers. systemd removes surrounding spaces. */
const literal: Read = (value, path, problems) => {
  const text = textOf(value, path, problems);
  if (text === undefined) return [];
  if (typeof text !== "string")
    return report("SOCKACT_ERR_UNIT_TEXT", path, problems, "systemd expands nothing here", "write a string");
  if (text === "")
    return report(
      "SOCKACT_ERR_UNIT_TEXT",
      path,
      problems,
      "it is empty, and systemd ignores an empty credential",
      "leave the credential out",
    );
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const escaped = text.replace(/[\\\x01-\x1f\x7f]|^ | $/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return [escaped];
};

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/\s/g, ""));
}

const parts = {
  value: { key: "SetCredential", read: literal },
  path: { key: "LoadCredential", read: source },
  encrypted: { key: "", read: boolean },
};

/**
 * LoadCredential= and similar directives. The service finds each credential by name in
 * $CREDENTIALS_DIRECTORY.
 */
export function readCredentials(credentials: unknown, path: string, problems: UnitProblem[]): Line[] {
  if (credentials === undefined) return [];
  const hint = "write names: { 'tls.key': '/etc/shop/tls.key' }";
  return entriesByName(objectOf(credentials, path, hint, problems) ?? {}).flatMap(([name, described]) => {
    const at = member(path, name);
    const [checked = ""] = named(name, at, problems);
    const whole = isObject(described);
    const {
      path: from,
      value,
      encrypted,
    } = whole
      ? readFields(parts, [], described, at, problems)
      : { path: source(described, at, problems), value: [], encrypted: [] };
    const kind = encrypted[0] === "true" ? "Encrypted" : "";
    if (kind !== "" && value.length > 0 && whole && !isBase64(String(described["value"]))) {
      report(
        "SOCKACT_ERR_UNIT_TEXT",
        `${at}.value`,
        problems,
        "it is encrypted, but not base64",
        "write what systemd-creds(1) encrypt prints",
      );
    }
    return [
      // systemd uses this value if there is nothing to load.
      ...value.map((text) => ({ key: `SetCredential${kind}`, value: `${checked}:${text}`, field: at })),
      ...from.map((place) => ({ key: `LoadCredential${kind}`, value: `${checked}:${place}`, field: at })),
      ...(value.length + from.length === 0
        ? [{ key: `LoadCredential${kind}`, value: checked, field: at }]
        : []),
    ];
  });
}

/** ImportCredential=: the machine's credentials for the service. */
export const importedCredential: Read = rawText(
  matching(
    "SOCKACT_ERR_UNIT_NAME",
    /^(?!\.{1,2}$)(?:[\w.@+-]{1,255}|[\w.@+-]{0,254}\*)$/,
    "not the name of a credential",
    "as in 'shop.key', or with an asterisk at its end: 'shop.*'",
  ),
);
