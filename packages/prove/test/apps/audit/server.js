const express = require("express");
const { audit } = require("./log");

const app = express();
app.use(audit);
app.get("/", (req, res) => res.send("ok\n"));
app.listen(process.env.PORT || 3000);
