import fc from "fast-check";
import type { ListenAddress, SocketDescription } from "../../src/index.ts";
import {
  apart,
  elsewhere,
  infinityForZero,
  ofInstall,
  ofUnit,
  property,
  raw,
  type Field,
  type Fields,
} from "./field.ts";
import * as values from "./values.ts";
import type { Said } from "./values.ts";

/** `Listen` has the addresses of all fields, each with its kind. */
function listening<Address extends ListenAddress>(
  kind: string,
  addresses: fc.Arbitrary<Said<Address, string>>,
): Field<Address | Address[]> {
  const said = addresses.map(({ value, shown }) => ({ value, shown: [kind, shown] }));
  return property("Listen", values.oneOrMore(said), []);
}
const positiveInteger = values.integer(0, 2_147_483_647);

export const socketFields: Fields<SocketDescription> = {
  listen: listening("Stream", values.address),
  listenDatagram: listening("Datagram", values.address),
  listenSequentialPacket: listening("SequentialPacket", values.unixAddress),
  socketProtocol: property(
    "SocketProtocol",
    fc.constantFrom(
      { value: "udplite", shown: 136 } as const,
      { value: "sctp", shown: 132 } as const,
      { value: "mptcp", shown: 262 } as const,
    ),
    0,
  ),
  // Filled in by `described`, since the service depends on it.
  accept: apart(fc.constant(true)),
  maxConnections: property("MaxConnections", values.integer(1, 4_294_967_295), 64),
  maxConnectionsPerSource: property("MaxConnectionsPerSource", values.count(4_294_967_295)),
  flushPending: property("FlushPending", values.flag, false),
  description: property("Description", values.expanding(values.same(values.line()))),
  name: property(
    "FileDescriptorName",
    values.same(
      values
        .ascii({ minLength: 1, maxLength: 15 })
        .map((text) => text.replace(/[:\\]/g, "/").replace(/^ | $/g, "_"))
        .filter((text) => !["connection", "stored", "unknown"].includes(text)),
    ),
  ),
  // The variable is in the service.
  proxyProtocol: apart(
    fc.constantFrom({ from: ["10.0.0.1"] }, { from: ["2001:db8::/32", "192.0.2.7", "unix"] }),
  ),
  noDelay: property("NoDelay", values.flag, false),
  backlog: property("Backlog", values.count(4_294_967_295)),
  bindIPv6Only: property("BindIPv6Only", values.word("default", "both", "ipv6-only"), "default"),
  bindToDevice: property("BindToDevice", values.word("lo", "eth0", "br-lan.1", "wg_0"), ""),
  freeBind: property("FreeBind", values.flag),
  transparent: property("Transparent", values.flag, false),
  broadcast: property("Broadcast", values.flag, false),
  reusePort: property("ReusePort", values.flag, false),
  keepAlive: property("KeepAlive", values.flag, false),
  keepAliveTimeSec: property("KeepAliveTimeUSec", values.duration, 0),
  keepAliveIntervalSec: property("KeepAliveIntervalUSec", values.duration, 0),
  keepAliveProbes: property("KeepAliveProbes", values.count(4_294_967_295), 0),
  deferAcceptSec: property("DeferAcceptUSec", values.duration, 0),
  priority: property("Priority", positiveInteger, -1),
  receiveBuffer: property("ReceiveBuffer", values.bytesOrNone(1024, "K", "M", "G"), 0),
  sendBuffer: property("SendBuffer", values.bytesOrNone(1024, "K", "M", "G"), 0),
  ipTOS: property(
    "IPTOS",
    fc.oneof<fc.Arbitrary<Said<number | "low-delay" | "throughput" | "reliability" | "low-cost">>[]>(
      values.integer(0, 255),
      fc.constantFrom(
        { value: "low-delay", shown: 16 },
        { value: "throughput", shown: 8 },
        { value: "reliability", shown: 4 },
        { value: "low-cost", shown: 2 },
      ),
    ),
    -1,
  ),
  ipTTL: property("IPTTL", values.integer(1, 255), -1),
  mark: property("Mark", positiveInteger, -1),
  tcpCongestion: property("TCPCongestion", values.word("cubic", "bbr", "reno"), ""),
  passCredentials: property("PassCredentials", values.flag, false),
  passSecurity: property("PassSecurity", values.flag, false),
  passPacketInfo: property("PassPacketInfo", values.flag, false),
  passPIDFD: elsewhere("of systemd 258: test/verify.test.ts, where there is one"),
  acceptFileDescriptors: elsewhere("as passPIDFD"),
  deferTrigger: elsewhere("as passPIDFD"),
  deferTriggerMaxSec: elsewhere("as passPIDFD"),
  timestamping: property("Timestamping", values.word("off", "us", "ns"), "off"),
  symlinks: property("Symlinks", values.oneOrMore(values.expanding(values.plainPath)), []),
  smackLabel: property("SmackLabel", values.expanding(values.same(values.line(8))), ""),
  smackLabelIPIn: property("SmackLabelIPIn", values.expanding(values.same(values.line(8))), ""),
  smackLabelIPOut: property("SmackLabelIPOut", values.expanding(values.same(values.line(8))), ""),
  // systemd shows it nowhere; that it says nothing about it is seen.
  seLinuxContextFromNet: apart(fc.boolean()),
  passFileDescriptorsToExec: property("PassFileDescriptorsToExec", values.flag, false),
  // 0 means no limit.
  timeoutSec: property("TimeoutUSec", values.duration.map(infinityForZero), 90_000_000),
  socketMode: property("SocketMode", values.openMode, 0o666),
  socketUser: property("SocketUser", values.account, ""),
  socketGroup: property("SocketGroup", values.account, ""),
  directoryMode: property("DirectoryMode", values.openMode, 0o755),
  removeOnStop: property("RemoveOnStop", values.flag, false),
  pollLimitIntervalSec: property("PollLimitIntervalUSec", values.duration, 2_000_000),
  // Without it, by the kind.
  pollLimitBurst: property("PollLimitBurst", values.count(4_294_967_294)),
  raw: raw({
    Unit: ofUnit,
    Socket: values
      .bytes(0, "K", "M", "G")
      .map(({ value, shown }) => ({ value: { PipeSize: value }, shown: { PipeSize: shown } })),
    Install: ofInstall,
  }),
};
