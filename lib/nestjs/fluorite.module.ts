import { Module, type DynamicModule } from '@nestjs/common';
import { FluoriteError } from '../index.js';
import { deterministic } from '../testing/store.js';
import { FluoriteCoreModule } from './core.module.js';
import type { FluoriteModuleAsyncOptions, FluoriteModuleOptions } from './definition.js';
import { given } from './given.js';
import { FluoriteHealthIndicator } from './health.js';
import type { FluoriteFeature, FluoriteTestingOptions } from './options.js';
import { featureProviders, serviceProvider } from './providers.js';
import { testing } from './testing.js';

/**
 * The memory engine as a Nest module: one store per application, opened at start and closed at shutdown
 * (`app.enableShutdownHooks()` for signals).
 *
 * @example
 * \@Module({ imports: [FluoriteModule.forRoot({ memory_path: './memory' }), FluoriteModule.forFeature([{ name: 'notes' }])] })
 * export class AppModule {}
 */
@Module({})
export class FluoriteModule {
  /**
   * Opens the store with this configuration and gives {@link FluoriteService} and {@link FluoriteHealthIndicator}. Once per application.
   * The application does not start when the store cannot be opened: the error is the one of `FluoriteBridge.initialize`.
   */
  static forRoot(options: FluoriteModuleOptions): DynamicModule {
    given(options, 'FluoriteModule.forRoot', 'the configuration of the store, such as { memory_path }');
    return root(FluoriteCoreModule.forRoot(options), options.isGlobal);
  }

  /** {@link forRoot} with a configuration that providers make: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: FluoriteModuleAsyncOptions): DynamicModule {
    given(options, 'FluoriteModule.forRootAsync', '{ useFactory }, { useClass } or { useExisting }');
    return root(FluoriteCoreModule.forRootAsync(options), options.isGlobal);
  }

  /** Handles confined to one namespace each, for {@link InjectFluorite}. Needs `forRoot` somewhere in the application. */
  static forFeature(features: readonly FluoriteFeature[]): DynamicModule {
    if (!Array.isArray(features)) throw new FluoriteError('INVALID_ARGUMENT', 'FluoriteModule.forFeature takes a list, such as [{ name: "notes" }]');
    const providers = features.flatMap(featureProviders);
    return { module: FluoriteModule, providers, exports: providers };
  }

  /**
   * {@link forRoot} for tests: an empty store in a temporary folder that is deleted when the application closes; texts are
   * embedded by `hashEmbedder` of `fluorite-bridge/testing`, so that no model is loaded and every run finds the same. Global unless `isGlobal: false`.
   */
  static forTesting(options: FluoriteTestingOptions = {}): DynamicModule {
    const { isGlobal = true, ...config } = deterministic(options);
    const { options: made, providers } = testing(config);
    const core = FluoriteCoreModule.forRootAsync(made);
    return root({ ...core, providers: [...(core.providers ?? []), ...providers] }, isGlobal);
  }
}

function root(core: DynamicModule, isGlobal = false): DynamicModule {
  return {
    module: FluoriteModule,
    global: isGlobal,
    imports: [core],
    providers: [serviceProvider, FluoriteHealthIndicator],
    exports: [serviceProvider, FluoriteHealthIndicator],
  };
}
