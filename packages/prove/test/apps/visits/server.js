const fs = require("node:fs/promises");
const path = require("node:path");
const express = require("express");

const app = express();
const file = path.join(__dirname, "data", "visits.json");

async function count() {
  const { visits } = JSON.parse(await fs.readFile(file, "utf8"));
  await fs.writeFile(file, JSON.stringify({ visits: visits + 1 }));
  return visits + 1;
}

app.get("/", async (req, res) => {
  try {
    res.send(`You are visitor ${await count()}\n`);
  } catch (error) {
    console.error("Could not count:", error.message);
    res.send("You are a visitor\n");
  }
});

app.listen(process.env.PORT || 3000);
