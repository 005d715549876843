import { matching, rawText, type Read } from "./readers.ts";
import { refusedAddress } from "../../systemd/addresses.ts";

export const documentationURI: Read = rawText(
  matching(
    "SOCKACT_ERR_UNIT_ADDRESS",
    /^(?:https?:\/\/|file:\/|info:|man:)[^\s"'\\]+$/,
    "not a URI that systemd shows",
    "https://…, file:/…, info:… or man:…",
  ),
);

const addressText = rawText(refusedAddress);

/** A number is a port. */
export const address: Read = (value, path, problems) =>
  addressText(typeof value === "number" ? String(value) : value, path, problems);

/** ListenSequentialPacket= is only for unix(7). */
export const unixAddress: Read = rawText((text) =>
  /^[/@]/.test(text)
    ? refusedAddress(text)
    : {
        code: "SOCKACT_ERR_UNIT_ADDRESS",
        message: "not the address of a unix socket, and only unix sockets have sequential packets",
        hint: "/run/app.sock or @abstract",
      },
);
