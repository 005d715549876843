import type { Duration } from "../systemd/durations.ts";
import type { Text } from "../systemd/specifiers.ts";
import type { Mode, RawSection, Size } from "./values.ts";

/**
 * An address as in systemd.socket(5): a port, `127.0.0.1:80`, `[::1]:80`, `[fe80::1]:80%eth0`, `/run/app.sock`, `@abstract` or
 * `vsock:2:1234`. A number is a port from 1 to 65535.
 */
export type ListenAddress = number | Text;

/** One socket unit. */
export interface SocketDescription {
  /** What to listen on for streams: TCP, or SOCK_STREAM of unix(7) and vsock(7). ListenStream=, one for each address. */
  listen?: ListenAddress | readonly ListenAddress[] | undefined;
  /** What to receive datagrams on: UDP, or SOCK_DGRAM. ListenDatagram=, one for each address. */
  listenDatagram?: ListenAddress | readonly ListenAddress[] | undefined;
  /** What to receive whole messages on, in order, from unix(7) sockets: SOCK_SEQPACKET. ListenSequentialPacket=, one for each address. */
  listenSequentialPacket?: Text | readonly Text[] | undefined;
  /** SocketProtocol=: another protocol than TCP and UDP; `mptcp` is of systemd 257. The kernel must have it. */
  socketProtocol?: "udplite" | "sctp" | "mptcp" | undefined;
  /**
   * Accept=: whether systemd accepts, and starts a process of its own for each connection. The service is then the template `<name>@.service`,
   * and this the only socket; it may listen on several addresses.
   */
  accept?: boolean | undefined;
  /** MaxConnections=, with `accept`: how many connections at once; 64 when left out. Further ones are closed. */
  maxConnections?: number | undefined;
  /** MaxConnectionsPerSource=, with `accept`: how many of them from one address; as many as `maxConnections` when left out. */
  maxConnectionsPerSource?: number | undefined;
  /** FlushPending=: drops what waits in the socket when the service ends, instead of starting it again. Not with `accept`. */
  flushPending?: boolean | undefined;
  /** Description= of the socket unit; by default `<name> socket`. */
  description?: Text | undefined;
  /**
   * FileDescriptorName=, by which the service tells its sockets apart. Needed as soon as there are several sockets.
   *
   * At most 255 printable ASCII characters, none of them `:` or `\`. `connection`, `stored` and `unknown` are taken: they have a
   * meaning in sd_listen_fds_with_names(3).
   */
  name?: string | undefined;
  /** NoDelay=: turns Nagle's algorithm off. */
  noDelay?: boolean | undefined;
  /** Backlog=: how many connections wait to be accepted; the kernel caps it at net.core.somaxconn. */
  backlog?: number | undefined;
  /** BindIPv6Only=: whether `[::]:80`, or a port alone, takes IPv4 too. */
  bindIPv6Only?: "default" | "both" | "ipv6-only" | undefined;
  /** BindToDevice=: the network interface to listen on. */
  bindToDevice?: string | undefined;
  /** FreeBind=: allows an address that no interface has yet. On by itself where an address is neither a wildcard nor the loopback device's. */
  freeBind?: boolean | undefined;
  /** Transparent=: takes traffic for addresses of others, which the firewall sends here. */
  transparent?: boolean | undefined;
  /** Broadcast=: lets datagrams be sent to everyone on the network. */
  broadcast?: boolean | undefined;
  /** ReusePort=: lets other sockets share the port. */
  reusePort?: boolean | undefined;
  /** KeepAlive=: probes idle TCP connections. */
  keepAlive?: boolean | undefined;
  /** KeepAliveTimeSec=: how long a connection is idle before the first probe. */
  keepAliveTimeSec?: Duration | undefined;
  /** KeepAliveIntervalSec=: the time between probes. */
  keepAliveIntervalSec?: Duration | undefined;
  /** KeepAliveProbes=: how many go unanswered before the connection ends. */
  keepAliveProbes?: number | undefined;
  /** DeferAcceptSec=: how long to wait for a first byte before the service hears of a TCP connection. */
  deferAcceptSec?: Duration | undefined;
  /** Priority=: SO_PRIORITY of socket(7), from 0 on. */
  priority?: number | undefined;
  /** ReceiveBuffer=: SO_RCVBUF of socket(7). */
  receiveBuffer?: Size | undefined;
  /** SendBuffer=: SO_SNDBUF of socket(7). */
  sendBuffer?: Size | undefined;
  /** IPTOS=: the type of service of ip(7), from 0 to 255 or by name. */
  ipTOS?: number | "low-delay" | "throughput" | "reliability" | "low-cost" | undefined;
  /** IPTTL=: how many routers a packet may pass, from 1 to 255. */
  ipTTL?: number | undefined;
  /** Mark=: the firewall mark of its packets. */
  mark?: number | undefined;
  /** TCPCongestion=: the congestion control of tcp(7): `cubic`, `bbr`. */
  tcpCongestion?: string | undefined;
  /** PassCredentials=: SO_PASSCRED of unix(7). */
  passCredentials?: boolean | undefined;
  /** PassPIDFD=, of systemd 258: SO_PASSPIDFD of unix(7). */
  passPIDFD?: boolean | undefined;
  /** PassSecurity=: SO_PASSSEC of unix(7). */
  passSecurity?: boolean | undefined;
  /** PassPacketInfo=: by which address and interface a datagram came. */
  passPacketInfo?: boolean | undefined;
  /** AcceptFileDescriptors=, of systemd 258: whether a unix socket takes file descriptors from its peers; it does when left out. */
  acceptFileDescriptors?: boolean | undefined;
  /** Timestamping=: when a datagram came, in microseconds or nanoseconds. */
  timestamping?: "off" | "us" | "ns" | undefined;
  /** SocketMode=: who may connect to a unix socket, in octal: `'0660'`; by default `0666`. */
  socketMode?: Mode | undefined;
  /** SocketUser=: whose a unix socket is; by default root's. */
  socketUser?: Text | undefined;
  /** SocketGroup=: which group's a unix socket is. */
  socketGroup?: Text | undefined;
  /** DirectoryMode=: the access mode, in octal, of folders that are made for a unix socket; by default `0755`. */
  directoryMode?: Mode | undefined;
  /** Symlinks=: absolute paths of links to the one file of the socket. */
  symlinks?: Text | readonly Text[] | undefined;
  /** SmackLabel=: the label of a unix socket's file, where the kernel has Smack. */
  smackLabel?: Text | undefined;
  /** SmackLabelIPIn=: the label for what comes in. */
  smackLabelIPIn?: Text | undefined;
  /** SmackLabelIPOut=: the label for what goes out. */
  smackLabelIPOut?: Text | undefined;
  /** SELinuxContextFromNet=: takes the SELinux level of the service from its peer. */
  seLinuxContextFromNet?: boolean | undefined;
  /** PassFileDescriptorsToExec=, of systemd 256: passes the socket to the commands of ExecStartPost= and the like of its unit, too. */
  passFileDescriptorsToExec?: boolean | undefined;
  /** TimeoutSec=: how long those commands may take; 0 is no limit. */
  timeoutSec?: Duration | undefined;
  /** RemoveOnStop=: removes a unix socket's file when the socket unit stops. */
  removeOnStop?: boolean | undefined;
  /** PollLimitIntervalSec=, of systemd 255: the span over which PollLimitBurst= is counted. */
  pollLimitIntervalSec?: Duration | undefined;
  /** PollLimitBurst=, of systemd 255: how often in that span traffic may wake systemd before it looks away until the span ends. */
  pollLimitBurst?: number | undefined;
  /** DeferTrigger=, of systemd 258: starts the service only once nothing conflicts with it. Not with `accept`. */
  deferTrigger?: "no" | "yes" | "patient" | undefined;
  /** DeferTriggerMaxSec=, of systemd 258: how long it waits for that. */
  deferTriggerMaxSec?: Duration | "infinity" | undefined;
  /** Directives of this socket unit that have no field. */
  raw?:
    | {
        readonly Unit?: RawSection | undefined;
        readonly Socket?: RawSection | undefined;
        readonly Install?: RawSection | undefined;
      }
    | undefined;
}
