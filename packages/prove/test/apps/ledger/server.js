import express from "express";
import pg from "pg";
import { systemdListen } from "@sockact/express";

const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 2000 });
database.on("error", (error) => console.error(error.message));

const app = express();
app.use(
  systemdListen({
    onListen: () => database.query("CREATE TABLE IF NOT EXISTS visits (id serial PRIMARY KEY)"),
    onStop: () => database.end(),
  }),
);
app.get("/", async (req, res) => {
  const { rows } = await database.query("INSERT INTO visits DEFAULT VALUES RETURNING id");
  res.json(rows[0]);
});
app.listen(3000);
