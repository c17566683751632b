import { FluoriteBridge, type BridgeConfig } from '../index.js';
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
 * Opens an empty store in a new temporary folder. Without the model unless `config` says `enable_ml: true`: no model file is
 * read, text is searched by words (BM25), and the same calls give the same hits on every machine. For search by vector without
 * a model, store and search vectors of {@link hashEmbedding}.
 * Codes: those of `initialize`.
 *
 * @example
 * await using store = await openTestStore();
 * await store.bridge.storeChunk({ id: 'a', content: 'text', embedding: hashEmbedding('text') });
 */
export async function openTestStore(config: TestStoreConfig = {}): Promise<TestStore> {
  const folder = await temporaryFolder();
  const bridge = new FluoriteBridge();
  const close = async (): Promise<void> => {
    await bridge.shutdown();
    await folder.remove();
  };
  try {
    await bridge.initialize({ ...withoutModel(config), memory_path: folder.path });
  } catch (e) {
    await close();
    throw e;
  }
  return { bridge, path: folder.path, close, [Symbol.asyncDispose]: close };
}

/** `enable_ml: false`, unless the caller has decided in either spelling. */
export function withoutModel(config: TestStoreConfig): TestStoreConfig {
  return 'enable_ml' in config || 'enableMl' in config ? config : { enable_ml: false, ...config };
}
