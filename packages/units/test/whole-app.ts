/**
 * What of test/programs/whole-app.mjs does not work in a sandbox, and how it fails; all else is done. The
 * same on Node 20 to 26, but where two codes are named: later minors of Node 26 have the second one.
 */
export const failures: Record<string, Record<string, string>> = {
  inbound: {
    "write elsewhere": "EROFS",
    chown: "EPERM",
    "os.setPriority()": "EPERM",
    "os.cpus()": "empty",
    "os.networkInterfaces()": "Unknown system error 97",
    "fetch()": "EAFNOSUPPORT",
    "listen on a port of its own": "EAFNOSUPPORT",
    "listen on a unix socket of its own": "EAFNOSUPPORT",
    "bind UDP": "EAFNOSUPPORT",
  },
  outbound: {
    "write elsewhere": "EROFS",
    chown: "EPERM",
    "os.setPriority()": "EPERM",
  },
  "outbound, jitless": {
    "write elsewhere": "EROFS",
    chown: "EPERM",
    "os.setPriority()": "EPERM",
    WebAssembly: "ReferenceError",
    "fetch()": "ReferenceError or ERR_WEBASSEMBLY_NOT_SUPPORTED",
  },
};
