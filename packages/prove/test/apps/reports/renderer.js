process.on("SIGTERM", () => console.log("The renderer finishes its reports"));
setInterval(() => {}, 1000);
