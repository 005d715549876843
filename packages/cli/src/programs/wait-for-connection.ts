// Ends when a connection waits on one of its descriptors 4, 5, …, without accepting it. Reading from a
// listening socket is an error, but libuv reads only when the kernel reports something to read: a connection.
import { Socket } from "node:net";
import process from "node:process";

/** The first descriptor after the standard streams and the channel to the parent. */
const FIRST_FD = 4;

for (let fd = FIRST_FD; fd < FIRST_FD + Number(process.argv[2]); fd++)
  new Socket({ fd }).on("error", () => process.exit(0));

// The parent has ended.
process.on("disconnect", () => process.exit(1));
process.channel?.ref();
