import { FluoriteBridge } from '../index.js';
import { FluoriteNamespace } from './namespace.js';

/**
 * The whole store as a Nest provider: every method of {@link FluoriteBridge}. The module opens it before the providers that use it
 * are made, and closes it when the application has answered its last request; do neither yourself.
 */
export class FluoriteService extends FluoriteBridge {
  /**
   * A handle confined to one namespace, as `forFeature` gives it: for namespaces that are known at run time only, a tenant's for example.
   * Costs nothing.
   *
   * @param namespace - 1 or more characters; the engine says what else it must be at the first call.
   */
  forNamespace(namespace: string): FluoriteNamespace {
    return new FluoriteNamespace(this, namespace);
  }
}
