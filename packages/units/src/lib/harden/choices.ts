import { shown } from "../read/problems.ts";
import { isIPv4, isIPv6 } from "../read/address.ts";
import { each, matching, oneOrMore, rawText, refuse, type Read } from "../read/readers.ts";

/** `true` is `yes` or what it stands for, and `false` leaves the directive out; a choice is written as it is. */
export function onOff(choices: readonly string[] = [], yes = "yes"): Read {
  return (value, path, problems) => {
    if (typeof value === "boolean") return value ? [yes] : [];
    if (typeof value === "string" && choices.includes(value)) return [value];
    const all = ["true", "false", ...choices];
    return refuse(
      typeof value === "string" && choices.length > 0 ? "ERR_UNIT_CHOICE" : "ERR_UNIT_TYPE",
      path,
      problems,
      `${shown(value)} is not among the choices`,
      `one of ${all.join(", ")}`,
    );
  };
}

/** A value that `read` takes, or `false`. */
export function orOff(read: Read): Read {
  return (value, path, problems) => (value === false ? [] : read(value, path, problems));
}

/** An array with something in it. */
function list(read: Read): Read {
  return (value, path, problems) => (Array.isArray(value) ? oneOrMore(read) : each(read))(value, path, problems);
}

/** An array of words on one line; an empty one is written as `none` or, where there is no such thing, refused. */
export function words(word: Read, none?: string): Read {
  return (value, path, problems) => {
    if (Array.isArray(value) && value.length === 0 && none !== undefined) return [none];
    return [list(word)(value, path, problems).join(" ")];
  };
}

export const capability = rawText(
  matching("ERR_UNIT_NAME", /^CAP_[A-Z_]+$/, "not a capability", "as in capabilities(7): 'CAP_NET_ADMIN'"),
);

export const addressFamily = rawText(
  matching("ERR_UNIT_NAME", /^AF_[A-Z0-9]+$/, "not an address family", "as in socket(2): 'AF_UNIX'"),
);

export const namespace = rawText(
  matching(
    "ERR_UNIT_CHOICE",
    /^(?:cgroup|ipc|net|mnt|pid|user|uts)$/,
    "not a type of namespace",
    "one of cgroup, ipc, net, mnt, pid, user, uts",
  ),
);

/** systemd ignores a group that it does not know, and so the filter would be another. */
const call =
  /^~?(?:[a-z_][a-z0-9_]*|@(?:aio|basic-io|chown|clock|cpu-emulation|debug|default|file-system|io-event|ipc|keyring|memlock|module|mount|network-io|obsolete|pkey|privileged|process|raw-io|reboot|resources|sandbox|setuid|signal|swap|sync|system-service|timer))$/;

const systemCall = rawText(
  matching("ERR_UNIT_NAME", call, "not a system call or a group", "as in systemd-analyze(1) syscall-filter: '@resources'"),
);

/** What is allowed on one line, and what is forbidden on the next, which wins. */
export const systemCalls: Read = (value, path, problems) => {
  const calls = list(systemCall)(value, path, problems);
  const allowed = calls.filter((name) => !name.startsWith("~"));
  const forbidden = calls.filter((name) => name.startsWith("~")).map((name) => name.slice(1));
  return [
    ...(allowed.length > 0 ? [allowed.join(" ")] : []),
    ...(forbidden.length > 0 ? [`~${forbidden.join(" ")}`] : []),
  ];
};

/** systemd.resource-control(5) IPAddressAllow=. */
export const ipAddresses = words(
  rawText((text) => {
    const [, address = "", bits = "0"] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const fits =
      (isIPv4(address) && Number(bits) <= 32) ||
      (isIPv6(address) && Number(bits) <= 128) ||
      ["any", "localhost", "link-local", "multicast"].includes(text);
    return fits
      ? undefined
      : {
          code: "ERR_UNIT_ADDRESS",
          message: "not an IP address",
          hint: "any, localhost, link-local, multicast, or an address with or without its prefix: '10.0.0.0/8'",
        };
  }),
);
