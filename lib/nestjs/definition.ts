import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { BridgeConfig } from '../index.js';
import type { FluoriteModuleExtras } from './options.js';

/** Token of the configuration: for `overrideProvider` in tests of a whole application. */
export const FLUORITE_OPTIONS = Symbol('FLUORITE_OPTIONS');

/** `forRoot` and `forRootAsync`. */
export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } = new ConfigurableModuleBuilder<BridgeConfig>({ optionsInjectionToken: FLUORITE_OPTIONS })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createFluoriteOptions')
  .setExtras<FluoriteModuleExtras>({ isGlobal: false })
  .build();

/** Options of `forRoot`: the configuration of the store, and `isGlobal`. */
export type FluoriteModuleOptions = typeof OPTIONS_TYPE;
/** Options of `forRootAsync`: `imports`, `useFactory` with `inject`, or `useClass`, or `useExisting`; and `isGlobal`. */
export type FluoriteModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;
