import process from "node:process";
import { json } from "@sveltejs/kit";

export function GET({ getClientAddress }) {
  return json({ remoteAddress: getClientAddress(), LISTEN_FDS: process.env.LISTEN_FDS });
}
