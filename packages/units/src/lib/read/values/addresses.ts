import { matching, rawText, type Read } from "./readers.ts";
import { refusedAddress } from "../../systemd/addresses.ts";

export const documentationURI: Read = rawText(
  matching(
    "ERR_UNIT_ADDRESS",
    /^(?:https?:\/\/|file:\/|info:|man:)[^\s"'\\]+$/,
    "not a URI that systemd shows",
    "https://…, file:/…, info:… or man:…",
  ),
);

const addressText = rawText(refusedAddress);

/** A number is a port. */
export const address: Read = (value, path, problems) =>
  addressText(typeof value === "number" ? String(value) : value, path, problems);

/** ListenSequentialPacket= is of unix(7) alone. */
export const unixAddress: Read = rawText((text) =>
  /^[/@]/.test(text)
    ? refusedAddress(text)
    : {
        code: "ERR_UNIT_ADDRESS",
        message: "not the address of a unix socket, which alone has sequential packets",
        hint: "/run/app.sock or @abstract",
      },
);
