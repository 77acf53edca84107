/**
 * CRC-32 of a text in UTF-8, as zlib, Ethernet and AMP's linker have it: polynomial 0x04C11DB7 reflected, all bits inverted
 * before and after.
 */
export function crc32(text: string): number {
  let crc = -1;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    // Bit by bit: a table would be faster and longer, and a token has 200 bytes.
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0xedb88320);
  }
  return ~crc >>> 0;
}
