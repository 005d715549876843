const IN_TLS = "tls: { key, cert, … }";

/** Options that are often written one level too high, and where they belong. */
const PLACES: Readonly<Record<string, string>> = {
  key: IN_TLS,
  cert: IN_TLS,
  sni: "tls: { key, cert, sni: { … } }",
  proxyProtocol: "sockets: { NAME: { proxyProtocol } }, where NAME is the name of the socket",
  from: "sockets: { NAME: { proxyProtocol: { from } } }, where NAME is the name of the socket",
};

/** What readers of other libraries call an option. No name of ours is near to it. */
const OTHER_NAMES: Readonly<Record<string, string>> = { ready: "onListen", onReady: "onListen" };

/** Returns the option that a name of another library means, or undefined for any other name. */
export const otherNameOf = (name: string): string | undefined =>
  Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;

/** Returns where an option with this name belongs, or undefined for any other option. */
export function placeOf(name: string): string | undefined {
  return Object.hasOwn(PLACES, name) ? PLACES[name] : undefined;
}
