import { prepareApp, rememberRequestListeners } from "@sockact/core/adapter";

// A server may be made of the app before systemdListen() is called.
rememberRequestListeners();

/**
 * Makes a Polka app listen on the sockets that systemd passed to this process: `systemdListen(app)`, anywhere before `listen()`.
 *
 * - Activated: the app serves those sockets. Port and host of `listen()` are ignored.
 * - Not activated: the app listens as without this call.
 *
 * @template {import("polka").Polka} T
 * @param {T} app
 * @param {import("@sockact/core/adapter").AppOptions} [options]
 * @returns {T} the same app
 * @throws {import("@sockact/core/adapter").ActivationError} if the options, or the passed sockets, can't be used
 */
export function systemdListen(app, options = {}) {
  prepareApp(options).attach(app, { owns: (_server, listeners) => listeners.has(app.handler) });
  return app;
}

export { ActivationError, keepAwake } from "@sockact/core/adapter";
