// Ends as soon as a connection waits on one of its descriptors 4, 5, …, and accepts nothing. To read from a
// listening socket is an error, which libuv only finds out once the kernel says that there is something to
// read: a connection.
import { Socket } from "node:net";
import process from "node:process";

/** The first descriptor after the three of every process and the channel to the parent. */
const FIRST_FD = 4;

for (let fd = FIRST_FD; fd < FIRST_FD + Number(process.argv[2]); fd++)
  new Socket({ fd }).on("error", () => process.exit(0));

// The parent has ended.
process.on("disconnect", () => process.exit(1));
process.channel?.ref();
