import { literal, matching, oneOf, rawText, report, type Read } from "./readers.ts";
import { refusedInstance, refusedName, refusedUnitName } from "../../systemd/unit-names.ts";
import { refusing } from "../../problems.ts";
import { integer } from "./numbers.ts";

const nameText = literal(rawText(refusedName));

/** The name of a unit without its suffix. */
export const name: Read = (value, path, problems) =>
  value === undefined
    ? report("SOCKACT_ERR_UNIT_MISSING", path, problems, "it is missing", "name the units: name: 'gitea'")
    : nameText(value, path, problems);

/** The instance of a template. */
export const instance: Read = literal(rawText(refusedInstance));

export const unitName: Read = rawText(refusedUnitName);

const refusedAsName = refusing("SOCKACT_ERR_UNIT_NAME");

/** systemd.slice(5): each `-` separates a slice from its parent. Slices have no instances. */
export const slice: Read = rawText(
  (text) =>
    refusedUnitName(text) ??
    matching(
      "SOCKACT_ERR_UNIT_NAME",
      /^(?:-|(?:[\w:.\\]+-)*[\w:.\\]+)\.slice$/,
      "not the name of a slice",
      "as in web.slice, or web-api.slice, which is within it",
    )(text),
);

/**
 * In sd_listen_fds_with_names(3), `:` separates names, `\` begins an escape, and three names are reserved.
 */
export const descriptorName: Read = literal(
  rawText((text) => {
    if (!/^[ -9;-[\]-~]{1,255}$/.test(text)) {
      return refusedAsName(
        "not the name of a file descriptor",
        "1 to 255 printable ASCII characters, none of them : or \\",
      );
    }
    return ["connection", "stored", "unknown"].includes(text)
      ? refusedAsName("this name has a special meaning to systemd", "choose another")
      : undefined;
  }),
);

export const networkInterface: Read = literal(
  rawText(
    matching(
      "SOCKACT_ERR_UNIT_NAME",
      // Numbers and these words have a special meaning to the kernel.
      /^(?!(?:\d+|0[xXoObB][\da-fA-F]+|\.\.?|all|default)$)[\w.-]{1,15}$/,
      "not the name of a network interface",
      "as ip-link(8) shows it: eth0",
    ),
  ),
);

/**
 * USER/GROUP NAME SYNTAX of systemd.syntax(7). For the kernel, two of the numbers mean no user, and larger
 * numbers are invalid.
 */
export const account: Read = rawText((text) => {
  const isId = /^(?:0|[1-9]\d*)$/.test(text) && Number(text) < 4_294_967_295 && text !== "65535";
  return isId || /^(?=.{1,255}$)[A-Za-z_][\w.@-]*\$?$/.test(text)
    ? undefined
    : refusedAsName("not the name of a user or group", "a name as in passwd(5), or a number");
});

/** The name of a congestion control of tcp(7). */
export const congestion: Read = literal(
  rawText(
    matching(
      "SOCKACT_ERR_UNIT_NAME",
      /^[\w-]{1,15}$/,
      "not the name of a congestion control",
      "as in /proc/sys/net/ipv4/tcp_available_congestion_control: cubic",
    ),
  ),
);

/** A variable of the service manager's environment. */
export const variableName: Read = literal(
  rawText(
    matching(
      "SOCKACT_ERR_UNIT_VARIABLE",
      /^[A-Za-z_]\w*$/,
      "not the name of a variable",
      "ASCII letters, digits and _, with no digit first",
    ),
  ),
);

/** A number, or a signal that can end the program. */
export const exitStatus: Read = (value, path, problems) =>
  typeof value === "number" ? integer(0, 255)(value, path, problems) : signal(value, path, problems);

export const signal: Read = oneOf(
  "HUP INT QUIT USR1 USR2 ALRM TERM CONT WINCH PIPE KILL ABRT"
    .split(" ")
    .map((signalName) => `SIG${signalName}`),
);
