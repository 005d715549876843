"use strict";
// Replaces functions so that the app does not notice: a proxy keeps the name, the length and all properties.

/**
 * Replaces a function of an object, also an inherited one.
 *
 * @param apply called as the `apply` of a proxy: with the function, its `this` and its arguments
 */
function wrap(object, name, apply) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  const original = own === undefined ? object[name] : own.value;
  if (typeof original !== "function" || own?.configurable === false) return;
  if (own !== undefined) {
    Object.defineProperty(object, name, { ...own, value: new Proxy(original, { apply }) });
    return;
  }
  // The function of the parent may be replaced later.
  const inherited = (_, ...call) => apply(Object.getPrototypeOf(object)[name], ...call);
  const value = new Proxy(original, { apply: inherited });
  Object.defineProperty(object, name, { configurable: true, enumerable: false, writable: true, value });
}

/** Calls the function of the app, and then looks at what it has returned. The look must not fail the call. */
function after(look) {
  return (original, self, args) => {
    const result = Reflect.apply(original, self, args);
    quietly(() => look(result, self, args));
    return result;
  };
}

/** Looks at a call, and then makes it. */
function before(look) {
  return (original, self, args) => {
    quietly(() => look(self, args));
    return Reflect.apply(original, self, args);
  };
}

function quietly(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

module.exports = { wrap, after, before, quietly };
