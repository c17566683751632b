import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';

/** Options of {@link FluoriteHttpModule.register}. */
export interface FluoriteHttpOptions {
  /** Where the routes are: `api/memory`. The application's global prefix and versions come before it. */
  path?: string;
  /** Confines the routes to one namespace; without it a request may name any. Figures of the whole store (`stats`) are then left out. */
  namespace?: string;
  /** `GET metrics` for Prometheus, behind the same guards: false. Not with `namespace`: metrics are of the whole store. */
  metrics?: boolean;
  /**
   * Guards of every route, in order: classes are made by Nest with what `imports` and `providers` export to them, instances are used as
   * they are. None when absent: then everyone who reaches the application may read and delete.
   */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Modules with what the guards need. */
  imports?: ModuleMetadata['imports'];
  /** Providers that the guards need. */
  providers?: ModuleMetadata['providers'];
  /** Decorators put on the controllers: `ApiBearerAuth()`, `Version('1')`, `SkipThrottle()`. */
  decorators?: readonly ClassDecorator[];
}
