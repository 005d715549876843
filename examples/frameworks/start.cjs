const express = require("express");
const { systemdListen } = require("@sockact/express");

const app = express();
app.use(systemdListen());
app.get("/", (req, res) => res.send("hello"));
app.listen(3000);
