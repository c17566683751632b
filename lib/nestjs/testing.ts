import type { Provider } from '@nestjs/common';
import { temporaryFolder, type TemporaryFolder } from '../testing/folder.js';
import type { TestStoreConfig } from '../testing/store.js';
import type { FluoriteModuleAsyncOptions } from './definition.js';
import { FLUORITE_AFTER_CLOSE } from './tokens.js';

const FOLDER = Symbol('FLUORITE_TEST_FOLDER');

/** A configuration with a folder made at start, and the providers that make it and delete it after the close. */
export function testing(config: TestStoreConfig): { options: FluoriteModuleAsyncOptions; providers: Provider[] } {
  const options = {
    inject: [FOLDER],
    useFactory: (folder: TemporaryFolder) => ({ ...config, memory_path: folder.path }),
  };
  const providers = [
    { provide: FOLDER, useFactory: temporaryFolder },
    { provide: FLUORITE_AFTER_CLOSE, inject: [FOLDER], useFactory: (folder: TemporaryFolder) => () => folder.remove() },
  ];
  return { options, providers };
}
