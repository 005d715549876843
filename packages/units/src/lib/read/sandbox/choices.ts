import { isIPv4, isIPv6 } from "../../systemd/addresses.ts";
import { boolean, each, matching, oneOf, oneOrMore, rawText, type Read } from "../values/readers.ts";
import { callGroups, capabilities } from "../../systemd/value-names.ts";

/**
 * Reads a field in which `true` means `yes` or another word, and `false` omits the directive. Other values
 * must be one of the choices.
 */
export function onOff(choices: readonly string[] = [], yes = "yes"): Read {
  return (value, path, problems) => {
    if (value === true) return [yes];
    if (value === false) return [];
    return (choices.length > 0 ? oneOf(choices) : boolean)(value, path, problems);
  };
}

/** Reads an array with at least one entry. */
function list(read: Read): Read {
  return (value, path, problems) =>
    (Array.isArray(value) ? oneOrMore(read) : each(read))(value, path, problems);
}

/**
 * Reads an array of words for one line. An empty array is written as `none`, or is an error if there is no
 * such word.
 */
export function words(word: Read, none?: string): Read {
  return (value, path, problems) => {
    if (Array.isArray(value) && value.length === 0 && none !== undefined) return [none];
    return [list(word)(value, path, problems).join(" ")];
  };
}

/**
 * Reads a name that systemd knows. systemd ignores an unknown name, and would then allow what should be
 * forbidden, or the reverse.
 */
function known(prefix: string, names: readonly string[], what: string, hint: string): Read {
  return rawText(
    matching("SOCKACT_ERR_UNIT_NAME", new RegExp(`^${prefix}(?:${names.join("|")})$`), `not ${what}`, hint),
  );
}

export const capability: Read = known(
  "CAP_",
  capabilities,
  "a capability",
  "as in capabilities(7): 'CAP_NET_ADMIN'",
);

/** The address families of address_families(7) for servers, without their prefix. */
export const addressFamilies: readonly string[] =
  "ALG BLUETOOTH CAN INET INET6 KEY NETLINK PACKET QIPCRTR TIPC UNIX VSOCK XDP".split(" ");

export const addressFamily: Read = known(
  "AF_",
  addressFamilies,
  "an address family that a server would use",
  "as in address_families(7): 'AF_UNIX'",
);

export const namespace: Read = oneOf(["cgroup", "ipc", "net", "mnt", "pid", "user", "uts"]);

const systemCall = known(
  "~?",
  ["[a-z_][a-z0-9_]*", ...callGroups],
  "a system call or a group of them",
  "as `systemd-analyze syscall-filter` shows them: '@resources'",
);

/** Writes allowed calls on one line, and forbidden calls on the next line, which overrides the first. */
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
export const ipAddresses: Read = words(
  rawText((text) => {
    const [, address = "", bits = "0"] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const fits =
      (isIPv4(address) && Number(bits) <= 32) ||
      (isIPv6(address) && Number(bits) <= 128) ||
      ["any", "localhost", "link-local", "multicast"].includes(text);
    return fits
      ? undefined
      : {
          code: "SOCKACT_ERR_UNIT_ADDRESS",
          message: "not an IP address",
          hint: "any, localhost, link-local, multicast, or an address with or without its prefix: '10.0.0.0/8'",
        };
  }),
);
