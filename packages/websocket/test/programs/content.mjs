/** The content of the message with this number: the number, and bytes that compress a little. */
export function contentOf(number) {
  const length =
    4 + ((number * 7919) % 997) + (number % 41 === 0 ? 20_000 : 0) + (number % 499 === 0 ? 200_000 : 0);
  const data = Buffer.alloc(length);
  let value = number >>> 0;
  for (let at = 4; at < length; at += 1) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    data[at] = at % 5 === 0 ? value >>> 24 : 97 + (at % 7);
  }
  data.writeUInt32BE(number);
  return data;
}
