import { Module, type DynamicModule } from '@nestjs/common';
import { FluoriteService } from '../fluorite.service.js';
import { given } from '../given.js';
import { optional } from '../optional.js';
import { FLUORITE_ROOT } from '../tokens.js';
import type { FluoriteHttpOptions } from './options.js';
import { FLUORITE_SCOPE, FLUORITE_TARGET } from './target.js';

/** Told apart by number: Nest 10 (and 11 on request) takes registrations that look alike for one, and one would have the other's guards. */
let registrations = 0;

/**
 * The memory as HTTP routes: store, get, search, context, stats, events, delete. Opt-in, and may be registered more than once, each time with
 * its own path, namespace and guards. Needs `class-validator`; with `@nestjs/swagger` the routes describe themselves.
 *
 * @example
 * FluoriteHttpModule.register({ guards: [ApiKeyGuard], imports: [AuthModule] })
 */
@Module({})
export class FluoriteHttpModule {
  /** Routes with these options. Needs `FluoriteModule.forRoot` somewhere in the application. */
  static register(options: FluoriteHttpOptions = {}): DynamicModule {
    given(options, 'FluoriteHttpModule.register', 'an object such as { guards: [ApiKeyGuard] }, or nothing');
    // Not at the top: the decorators of the bodies need a package that only these routes need.
    const load = (): unknown => require('./controllers.js');
    const { memoryControllers } = optional(load, 'class-validator', 'FluoriteHttpModule') as typeof import('./controllers.js');
    const { namespace } = options;
    return {
      module: FluoriteHttpModule,
      imports: options.imports ?? [],
      controllers: memoryControllers(options),
      providers: [
        ...(options.providers ?? []),
        { provide: 'FLUORITE_REGISTRATION', useValue: ++registrations },
        { provide: FLUORITE_SCOPE, useValue: namespace ?? null },
        {
          provide: FLUORITE_TARGET,
          inject: [FLUORITE_ROOT],
          useFactory: (service: FluoriteService) => (namespace === undefined ? service : service.forNamespace(namespace)),
        },
      ],
    };
  }
}
