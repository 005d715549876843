process.on("uncaughtException", () => process.exit(7));
