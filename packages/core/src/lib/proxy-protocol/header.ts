/** One end of the connection between a client and a proxy. */
export interface ProxyAddress {
  /** The IP address, or the path of a unix socket. The name of an abstract socket begins with `@`. */
  readonly address: string;
  /** The port. Undefined for a unix socket. */
  readonly port: number | undefined;
}

/** One more fact about a connection, in version 2 of the protocol: a type, a length and a value. */
export interface ProxyTlv {
  /**
   * The type: section 2.2 of the specification lists them. For example, 0x02 is the host name that the client
   * has asked for (SNI).
   */
  readonly type: number;
  /** The value. */
  readonly value: Buffer;
}

/** What a proxy says about a connection in its PROXY header. */
export interface ProxyHeader {
  /** The version of the protocol. */
  readonly version: 1 | 2;
  /**
   * `proxy`: the proxy passes the connection of a client on. `local`: the proxy has connected for itself, for
   * example to check the health of the app.
   */
  readonly command: "proxy" | "local";
  /** The family of the addresses. It is `unknown` if the header has none. */
  readonly family: "ipv4" | "ipv6" | "unix" | "unknown";
  /** The address of the client. Undefined if the family is `unknown`. */
  readonly source: ProxyAddress | undefined;
  /** The address of the proxy that the client has connected to. Undefined if the family is `unknown`. */
  readonly destination: ProxyAddress | undefined;
  /** More facts about the connection, in the order of the header. Always empty in version 1. */
  readonly tlvs: readonly ProxyTlv[];
}

/** A header, and how many bytes it takes. */
export interface ParsedHeader {
  readonly header: ProxyHeader;
  readonly length: number;
}
