import { decodeUtf8 } from './collect/body.ts';
import { RequestRejected } from './collect/rejections.ts';

/** A transparent image of one pixel: the smallest GIF89a every mail program accepts. */
export const PIXEL_GIF = Uint8Array.from(atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'), (character) =>
  character.charCodeAt(0),
);

/**
 * The event a pixel's address carries: JSON in base64, also in the URL-safe alphabet.
 * @throws RequestRejected invalid_json or invalid_utf8.
 */
export function pixelBody(data: string | undefined): string {
  let bytes: Uint8Array;
  try {
    // A "+" of base64 arrives as a space where the address was not encoded.
    bytes = Uint8Array.from(atob((data ?? '').replace(/-/g, '+').replace(/_/g, '/').replace(/ /g, '+')), (character) =>
      character.charCodeAt(0),
    );
  } catch (cause) {
    throw new RequestRejected('invalid_json', { payload: data ?? '', detail: 'data is not base64', cause });
  }
  return decodeUtf8(bytes);
}
