// What a command leaves behind: it has the socket, and ends at SIGTERM alone.
import process from "node:process";

console.log(`helper ${process.pid}`);
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
if (process.argv[2] === "deaf") process.on("SIGTERM", () => {});
setInterval(() => {}, 1000);
