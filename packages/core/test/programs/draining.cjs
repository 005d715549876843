// Prints whether the app drains, at each moment that reports it: for adapters, `sockact` of the prepared app says so.
const { createServer } = require("node:http");
const { prepareApp } = require("@sockact/core/adapter");

const print = (event) => console.log(JSON.stringify({ event, draining: prepared.sockact.draining }));
const prepared = prepareApp({
  signals: true,
  onDrain: () => print("onDrain"),
  onEvent: ({ type }) => print(type),
});
prepared.attach({}, { owns: () => true });
createServer().listen(0, () => print("up"));
