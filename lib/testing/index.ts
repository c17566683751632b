// `fluorite-bridge/testing`: what tests of an application need. Nothing here is for production.
export { hashEmbedder, hashEmbedding } from './embedding.js';
export { temporaryFolder, type TemporaryFolder } from './folder.js';
export { openTestStore, type TestStore, type TestStoreConfig } from './store.js';
