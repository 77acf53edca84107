import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../config/user-error.ts';

/** A file whose bytes cannot be read to its end. */
export class DamagedFile extends Error {}

/**
 * The content of a file, unpacked where it is gzip: that is seen from the content, because archives come with any name.
 * @param onBytes told how many bytes of the file have been read so far.
 * @throws DamagedFile saying what is wrong: gzip that is cut off, another kind of archive, text in UTF-16.
 */
export async function* contentOf(file: string, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  const first = await firstBytes(file);
  const foreign = FOREIGN.find(({ signature }) => signature.every((byte, i) => first[i] === byte));
  if (foreign) throw new DamagedFile(foreign.problem);
  const raw = createReadStream(file);
  const unpacked = first[0] === 0x1f && first[1] === 0x8b ? raw.pipe(createGunzip()) : raw;
  if (unpacked !== raw) raw.once('error', (error) => unpacked.destroy(error));
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      onBytes(raw.bytesRead);
      yield chunk;
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw cause;
    throw new DamagedFile('the gzip data is damaged or cut off from here on; expected a complete file: get it again and import it again', {
      cause,
    });
  } finally {
    raw.destroy();
  }
}

/** Contents that would only give one broken line after the other. */
const FOREIGN: readonly { readonly signature: readonly number[]; readonly problem: string }[] = [
  {
    signature: [0x50, 0x4b, 0x03, 0x04],
    problem: 'this is a ZIP archive (or an Excel file); expected text or gzip: unpack it, or save it as CSV',
  },
  { signature: [0x28, 0xb5, 0x2f, 0xfd], problem: 'this is compressed with zstd; expected text or gzip: unpack it first' },
  { signature: [0x42, 0x5a, 0x68], problem: 'this is compressed with bzip2; expected text or gzip: unpack it first' },
  { signature: [0x50, 0x41, 0x52, 0x31], problem: 'this is a Parquet file; expected text or gzip: export it as newline-delimited JSON' },
  { signature: [0x4f, 0x62, 0x6a, 0x01], problem: 'this is an Avro file; expected text or gzip: export it as newline-delimited JSON' },
  { signature: [0xff, 0xfe], problem: 'the text is UTF-16; expected UTF-8: save it as UTF-8' },
  { signature: [0xfe, 0xff], problem: 'the text is UTF-16; expected UTF-8: save it as UTF-8' },
];

async function firstBytes(file: string): Promise<Buffer> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (cause) {
    throw new UserError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
