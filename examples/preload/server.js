import process from "node:process";
import express from "express";

const app = express();

app.get("/", (_request, response) => {
  response.json({ message: "hello", pid: process.pid, uid: process.getuid() });
});

app.listen(3000, (error) => {
  if (error) throw error;
  console.log("The app is listening");
});
