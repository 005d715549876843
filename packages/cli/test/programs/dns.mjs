// A name server on 127.0.0.1. The file that it is given has the addresses of each name. For a name that is not in
// it, the answer is that the name does not exist, and a name with null gets no answer.
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import process from "node:process";

const types = { A: 1, AAAA: 28 };
const NAME_ERROR = 3;

const server = createSocket("udp4", (query, { port, address }) => {
  let end = 12;
  const labels = [];
  while (query[end] !== 0) {
    labels.push(query.toString("latin1", end + 1, end + 1 + query[end]));
    end += query[end] + 1;
  }
  const question = query.subarray(12, end + 5);
  const type = query.readUInt16BE(end + 1);
  const known = JSON.parse(readFileSync(process.argv[2], "utf8"))[labels.join(".").toLowerCase()];
  if (known === null) return;
  const records = Object.entries(types).flatMap(([key, number]) =>
    number === type ? (known?.[key] ?? []) : [],
  );
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(0x81_80 | (known === undefined ? NAME_ERROR : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const answers = records.map((text) => {
    const data = type === types.A ? Buffer.from(text.split(".").map(Number)) : ipv6(text);
    const record = Buffer.alloc(12);
    // The name is that of the question, at byte 12.
    record.writeUInt16BE(0xc0_0c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(1, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  server.send(Buffer.concat([header, question, ...answers]), port, address);
});

/** Eight groups, or fewer around `::`. */
function ipv6(text) {
  const [before, after = ""] = text.split("::");
  const groups = (part) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [head, tail] = [groups(before), groups(after)];
  const all = [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}

server.bind(53, "127.0.0.1", () => console.log("ready"));
