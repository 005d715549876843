import { isIPv4, isIPv6 } from "../../systemd/addresses.ts";
import { shown } from "../../problems.ts";
import { callGroups, capabilities, errorNames, familyNames } from "../../systemd/value-names.ts";
import { wholeOf } from "../../systemd/amounts.ts";
import {
  afterSigns,
  choice,
  either,
  expanded,
  plainWords,
  quotedWords,
  valueWhere,
  type ReadValue,
} from "./readers.ts";

export const ipAddress: ReadValue = valueWhere(
  (text) => {
    const [, address = "", bits = "0"] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
    return (
      ["any", "localhost", "link-local", "multicast"].includes(text) ||
      (isIPv4(address) && Number(bits) <= 32) ||
      (isIPv6(address) && Number(bits) <= 128)
    );
  },
  "not an IP address",
  "any, localhost, link-local, multicast, or an address with or without its prefix: 10.0.0.0/8",
);

/** Parses `ipv4:tcp:80`. At least one part is required. */
export const bindRule: ReadValue = valueWhere(
  (text) => {
    const [, family = "", protocol = "", ports = ""] =
      /^(ipv[46](?::|$))?((?:tcp|udp)(?::|$))?(any|\d+(?:-\d+)?)?$/.exec(text) ?? [];
    const [first = "0", last = first] = ports === "any" ? [] : ports.split("-");
    const isPort = (port: string) => (wholeOf(port) ?? 65_536) < 65_536;
    return ports === ""
      ? /[46p]$/.test(protocol || family)
      : isPort(first) && isPort(last) && Number(first) <= Number(last);
  },
  "not a rule for ports",
  "any, tcp, 80, 8000-8080 or ipv4:tcp:80",
);

const isErrorName = (text: string): boolean =>
  /^E/i.test(text) && errorNames.has(text.slice(1).toUpperCase());

const isErrorNumber = (text: string): boolean => {
  const number = wholeOf(text);
  return number !== undefined && number >= 0 && number <= 4095;
};

export const errorNumber: ReadValue = valueWhere(
  (text) => text === "kill" || isErrorName(text) || (isErrorNumber(text) && wholeOf(text) !== 0),
  "not an error",
  "its name, such as EPERM, a number up to 4095, or kill",
);

/** systemd has too many system call names to list here, so any word that looks like one is accepted. */
export const systemCalls: ReadValue = (text, unit) => {
  const forbids = text.startsWith("~");
  return plainWords((word) => {
    const [call = "", error] = word.split(/:(.*)/s);
    const known = call.startsWith("@") ? callGroups.includes(call) : /^[a-z_]\w*$/.test(call);
    if (!known) {
      return {
        is: "not a system call or a group of them",
        write: "names as `systemd-analyze syscall-filter` shows them, and ~ only before the first",
      };
    }
    if (error === undefined) return undefined;
    if (!forbids) return { is: "allowed, and has an error", write: "an error only after ~" };
    return error === "kill" || isErrorName(error) || isErrorNumber(error)
      ? undefined
      : { is: "a call with no such error", write: "an error such as EPERM after the :" };
  })(forbids ? text.slice(1) : text, unit);
};

export const afterTilde = (read: ReadValue): ReadValue => afterSigns(/^~/, read);

export const families: ReadValue = either(
  afterTilde(
    quotedWords(
      valueWhere(
        (text) => text.startsWith("AF_") && familyNames.has(text.slice(3)),
        "not an address family",
        "names as in address_families(7): AF_INET AF_INET6",
      ),
    ),
  ),
  choice("none"),
);

export const namespaces: ReadValue = afterTilde(
  plainWords(choice("cgroup", "ipc", "net", "mnt", "pid", "user", "uts", "time")),
);

const isCapability = (text: string): boolean => {
  const number = wholeOf(text);
  return number === undefined
    ? capabilities.includes(text.toUpperCase().replace(/^CAP_/, ""))
    : number >= 0 && number <= 63;
};

export const capabilityNames: ReadValue = either(
  afterTilde(
    quotedWords(valueWhere(isCapability, "not a capability", "names as in capabilities(7): CAP_NET_ADMIN")),
  ),
  choice("all"),
);

export const secureBits: ReadValue = quotedWords(
  choice(
    "keep-caps",
    "keep-caps-locked",
    "no-setuid-fixup",
    "no-setuid-fixup-locked",
    "noroot",
    "noroot-locked",
  ),
);

export const device: ReadValue = (text, unit) => {
  const [, quoted, bare, rights] = /^(?:"([^"]*)"|(\S+))(?:\s+(.*))?$/s.exec(text) ?? [];
  return expanded((node) => {
    const fits =
      /^(?:\/dev(?:\/|$)|\/run\/systemd\/inaccessible\/|char-|block-)/.test(node) &&
      !node.split("/").includes("..");
    if (!fits) return { is: `${shown(node)} is not a device`, write: "/dev/name, char-name or block-name" };
    return rights === undefined || /^[rwm]+$/.test(rights)
      ? undefined
      : { is: `${shown(rights)} is not a set of rights`, write: "some of r, w and m after the device" };
  })(quoted ?? bare ?? "", unit);
};
