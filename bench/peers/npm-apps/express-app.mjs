import "dotenv/config";
import process from "node:process";
import compression from "compression";
import express from "express";
import helmet from "helmet";
import jwt from "jsonwebtoken";
import morgan from "morgan";
import { z } from "zod";

const Login = z.object({ name: z.string().min(1).max(80), password: z.string().min(8) });

export const app = express();
app.use(helmet(), compression(), morgan("tiny", { skip: () => true }), express.json());
app.get("/", (_request, response) => void response.send("Express"));
app.post("/login", (request, response) => {
  const { name } = Login.parse(request.body);
  response.json({ token: jwt.sign({ name }, process.env.SECRET ?? "secret", { expiresIn: "1h" }) });
});
