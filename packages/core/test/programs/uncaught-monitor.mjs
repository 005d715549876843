// Notes what an agent sees of an uncaught error, if its listener comes after that of sockact.
process.on("exit", (status) => console.log(`exit: ${status}`));
const { on } = process;
process.on = (event, listener) => {
  on.call(process, event, listener);
  if (event === "uncaughtExceptionMonitor")
    on.call(process, event, ({ code }) => console.log(`monitor: ${code}`));
  return process;
};
