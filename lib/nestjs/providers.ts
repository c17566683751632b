import type { FactoryProvider, Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { FluoriteError, type BridgeConfig } from '../index.js';
import { FLUORITE_OPTIONS } from './definition.js';
import { FluoriteService } from './fluorite.service.js';
import type { FluoriteFeature } from './options.js';
import { FLUORITE_ROOT, getFluoriteToken } from './tokens.js';

/**
 * Opens the store; the application does not start when it cannot be opened, nor when it has two roots: a feature would get either.
 *
 * @param core - the module that is there once.
 */
export function rootProvider(core: () => unknown): FactoryProvider<FluoriteService> {
  return {
    provide: FLUORITE_ROOT,
    inject: [FLUORITE_OPTIONS, ModulesContainer],
    useFactory: async (config: BridgeConfig, modules: ModulesContainer) => {
      if ([...modules.values()].filter(({ metatype }) => metatype === core()).length > 1) {
        throw new FluoriteError('ALREADY_INITIALIZED', 'FluoriteModule.forRoot (forRootAsync, forTesting) is imported twice: import it in the root module alone, and isGlobal or forFeature elsewhere');
      }
      const service = new FluoriteService();
      await service.initialize(config);
      return service;
    },
  };
}

/** The class token; not the root token itself, which every module can see whether `isGlobal` or not. */
export const serviceProvider: FactoryProvider<FluoriteService> = {
  provide: FluoriteService,
  inject: [FLUORITE_ROOT],
  useFactory: (service: FluoriteService) => service,
};

/**
 * The handle of a feature. Its namespace is a value in the metadata, not in a closure: Nest 10 (and 11 on request) takes modules whose
 * metadata look alike for one.
 */
export function featureProviders({ name, namespace = name }: FluoriteFeature): Provider[] {
  const token = getFluoriteToken(name);
  const NAMESPACE = `${String(token)} namespace`;
  return [
    { provide: NAMESPACE, useValue: namespace },
    { provide: token, inject: [FLUORITE_ROOT, NAMESPACE], useFactory: (service: FluoriteService, within: string) => service.forNamespace(within) },
  ];
}
