import { edgeAssets } from '../../pipeline/embedded/assets.ts';

/** Builds the Worker and the website's scripts once, before the many processes that would each build them. */
export async function setup(): Promise<void> {
  await edgeAssets();
}
