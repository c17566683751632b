import { Inject } from '@nestjs/common';
import { FluoriteService } from './fluorite.service.js';

/** The open engine of the application. Internal: visible everywhere, so that features need not import the root module. */
export const FLUORITE_ROOT = Symbol('the engine of FluoriteModule.forRoot(): import it once, in the root module');

/** What is to be done once the engine is closed; the temporary folder of `forTesting` goes this way. Internal. */
export const FLUORITE_AFTER_CLOSE = Symbol('FLUORITE_AFTER_CLOSE');

/**
 * The injection token of a feature's handle, or of the whole store without a name: for `useFactory`, `overrideProvider` and `app.get`.
 *
 * @param name - `name` of {@link FluoriteModule.forFeature}.
 */
export function getFluoriteToken(name?: string): typeof FluoriteService | string {
  return name === undefined ? FluoriteService : `Fluorite(${name})`;
}

/**
 * Injects a {@link FluoriteNamespace} of `forFeature`, or {@link FluoriteService} without a name.
 *
 * @example
 * constructor(@InjectFluorite('notes') private readonly notes: FluoriteNamespace) {}
 */
export function InjectFluorite(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getFluoriteToken(name));
}
