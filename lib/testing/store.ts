import { FluoriteBridge, FluoriteError, type BridgeConfig } from '../index.js';
import { hashEmbedder } from './embedding.js';
import { temporaryFolder } from './folder.js';

/** What a test store has of its own: a folder that is made for it, empty, so that there is nothing to open for reading alone. */
const OWN = ['memory_path', 'memoryPath', 'read_only', 'readOnly'] as const;

/** A configuration without the folder, which is made for the test, and without `read_only`: an empty folder holds nothing to read. */
export type TestStoreConfig = Without<BridgeConfig, (typeof OWN)[number]>;
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
 * Codes: `INVALID_ARGUMENT` (no object), and those of `initialize`. A reader is opened beside it: `FluoriteBridge.open({ memory_path: store.path, read_only: true })`,
 * with the same `ml`.
 *
 * @example
 * await using store = await openTestStore();
 * await store.bridge.storeChunk({ id: 'a', content: 'text' });
 * const [best] = await store.bridge.searchSimilar('texts');
 */
export async function openTestStore(config: TestStoreConfig = {}): Promise<TestStore> {
  const embedding = deterministic(config);
  const folder = await temporaryFolder();
  const bridge = new FluoriteBridge();
  const close = async (): Promise<void> => {
    await bridge.shutdown();
    await folder.remove();
  };
  try {
    await bridge.initialize({ ...embedding, memory_path: folder.path });
  } catch (e) {
    await close();
    throw e;
  }
  return { bridge, path: folder.path, close, [Symbol.asyncDispose]: close };
}

/** With {@link hashEmbedder}, unless the caller has decided how to embed. Throws for what is no configuration of a test store. */
export function deterministic<C extends TestStoreConfig>(config: C): C {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new FluoriteError('INVALID_ARGUMENT', 'the configuration of a test store must be an object; leave it out for the defaults');
  const own = OWN.find((key) => (config as Partial<Record<string, unknown>>)[key] !== undefined);
  if (own !== undefined) {
    const reader = 'a test store is empty: write into it, and open a reader on its path';
    throw new FluoriteError('INVALID_CONFIG', `${own} cannot be set: ${/path/i.test(own) ? 'a test store has a folder of its own, the `path` of the result' : reader}`);
  }
  const decided = (o: Record<string, unknown>, ...keys: string[]): boolean => keys.some((key) => o[key] !== undefined);
  const ml = { ...config.ml };
  if (decided({ ...config }, 'enable_ml', 'enableMl') || decided(ml, 'embedder', 'embedding_model', 'embeddingModel')) return config;
  return { ...config, ml: { ...ml, embedder: hashEmbedder() } };
}
