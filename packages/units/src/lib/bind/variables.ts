import type { Place } from "../read/place.ts";
import { isObject } from "../read/fields.ts";
import { item } from "../write/escape.ts";

/** Environment= that tells a program of Node where to listen, as far as the description does not. */
export function portVariables(place: Place, description: Record<string, unknown>): string[] {
  const given = isObject(description.environment) ? description.environment : {};
  return Object.entries({ PORT: place.port, HOST: place.host }).flatMap(([name, value]) =>
    value === undefined || Object.hasOwn(given, name) ? [] : [item(`${name}=${value}`)],
  );
}
