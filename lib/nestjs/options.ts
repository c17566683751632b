import type { BridgeConfig } from '../index.js';
import type { TestStoreConfig } from '../testing/index.js';

/** What `forRoot` takes beside the configuration of the store. */
export interface FluoriteModuleExtras {
  /** Can every module inject {@link FluoriteService} without importing the module? False. Features work either way. */
  isGlobal?: boolean;
}

/** A class that makes the configuration: for `useClass` and `useExisting` of `forRootAsync`. */
export interface FluoriteOptionsFactory {
  /** The configuration of the store. */
  createFluoriteOptions(): BridgeConfig | Promise<BridgeConfig>;
}

/** A part of the store under a name. */
export interface FluoriteFeature {
  /** What {@link InjectFluorite} calls it; one name is one handle. */
  name: string;
  /** The namespace all its calls are confined to: `name` when absent. */
  namespace?: string;
}

/** Options of `forTesting`: global unless told otherwise. */
export type FluoriteTestingOptions = TestStoreConfig & FluoriteModuleExtras;
