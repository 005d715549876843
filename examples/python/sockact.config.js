/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-python",
  description: "A server in Python on port 80",
  exec: ["/usr/bin/python3", "./server.py"],
  sockets: [{ listen: 80 }],
  // server.py tells systemd when it is ready.
  type: "notify",
  // Python generates no machine code at run time, so its memory never has to be both writable and executable.
  hardening: { profile: "inbound", memoryDenyWriteExecute: true },
};
