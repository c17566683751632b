import { FluoriteBridge, type BridgeConfig } from '../index.js';
import { hashEmbedder } from './embedding.js';
import { temporaryFolder } from './folder.js';

/** A configuration without the folder, which is made for the test. */
export type TestStoreConfig = Without<BridgeConfig, 'memory_path' | 'memoryPath'>;
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never; // of each spelling by itself

/** An open store in a folder of its own. */
export interface TestStore extends AsyncDisposable {
  /** The open bridge. */
  readonly bridge: FluoriteBridge;
  /** Folder of the store: another bridge can be opened on it once this one is closed. */
  readonly path: string;
  /** Closes the bridge and deletes the folder. `await using` does the same. */
  close(): Promise<void>;
}

/**
 * Opens an empty store in a new temporary folder. Texts are embedded by {@link hashEmbedder} unless `config` says how (`enable_ml`, or
 * `ml` with an embedder or a model): no model file is read, and the same calls give the same hits on every machine.
 * Codes: those of `initialize`.
 *
 * @example
 * await using store = await openTestStore();
 * await store.bridge.storeChunk({ id: 'a', content: 'text' });
 * const [best] = await store.bridge.searchSimilar('texts');
 */
export async function openTestStore(config: TestStoreConfig = {}): Promise<TestStore> {
  const folder = await temporaryFolder();
  const bridge = new FluoriteBridge();
  const close = async (): Promise<void> => {
    await bridge.shutdown();
    await folder.remove();
  };
  try {
    await bridge.initialize({ ...deterministic(config), memory_path: folder.path });
  } catch (e) {
    await close();
    throw e;
  }
  return { bridge, path: folder.path, close, [Symbol.asyncDispose]: close };
}

/** With {@link hashEmbedder}, unless the caller has decided how to embed. */
export function deterministic(config: TestStoreConfig): TestStoreConfig {
  const decided = (o: Record<string, unknown>, ...keys: string[]): boolean => keys.some((key) => o[key] !== undefined);
  const ml = { ...config.ml };
  if (decided({ ...config }, 'enable_ml', 'enableMl') || decided(ml, 'embedder', 'embedding_model', 'embeddingModel')) return config;
  return { ...config, ml: { ...ml, embedder: hashEmbedder() } };
}
