import type { FactoryProvider } from '@nestjs/common';
import type { BridgeConfig } from '../index.js';
import { FLUORITE_OPTIONS } from './definition.js';
import { FluoriteService } from './fluorite.service.js';
import type { FluoriteFeature } from './options.js';
import { FLUORITE_ROOT, getFluoriteToken } from './tokens.js';

/** Opens the store; the application does not start when it cannot be opened. */
export const rootProvider: FactoryProvider<FluoriteService> = {
  provide: FLUORITE_ROOT,
  inject: [FLUORITE_OPTIONS],
  useFactory: async (config: BridgeConfig) => {
    const service = new FluoriteService();
    await service.initialize(config);
    return service;
  },
};

/** The class token; not the root token itself, which every module can see whether `isGlobal` or not. */
export const serviceProvider: FactoryProvider<FluoriteService> = {
  provide: FluoriteService,
  inject: [FLUORITE_ROOT],
  useFactory: (service: FluoriteService) => service,
};

/** The handle of a feature. */
export function featureProvider({ name, namespace = name }: FluoriteFeature): FactoryProvider {
  return {
    provide: getFluoriteToken(name),
    inject: [FLUORITE_ROOT],
    useFactory: (service: FluoriteService) => service.forNamespace(namespace),
  };
}
