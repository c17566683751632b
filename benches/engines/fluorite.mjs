// Fluorite as it comes: durability 'sync', cache 512 MiB, no model.
import { FluoriteBridge } from '../../index.mjs';

export const settings = "storeChunks, durability 'sync' (default), cache_size_mb 512 (default), enable_ml false; get = await getChunk";

export async function open(folder) {
  const bridge = await FluoriteBridge.open({ memory_path: folder, enable_ml: false });
  return {
    bridge,
    load: (chunks) => bridge.storeChunks(chunks),
    get: (id) => bridge.getChunk(id),
    put: (chunk) => bridge.storeChunk(chunk),
    close: () => bridge.shutdown(),
  };
}
