/** The reflected polynomial of CRC-32C (RFC 9260, appendix A). zlib.crc32() uses another one. */
const POLYNOMIAL = 0x82f63b78;

export function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}
