import { Global, Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './definition.js';
import { FluoriteLifecycle } from './lifecycle.js';
import { rootProvider } from './providers.js';
import { FLUORITE_ROOT } from './tokens.js';

/** The one engine of an application. Global under internal tokens, so that `forFeature` finds it from every module. */
@Global()
@Module({ providers: [rootProvider(() => FluoriteCoreModule), FluoriteLifecycle], exports: [FLUORITE_ROOT, FluoriteLifecycle] })
export class FluoriteCoreModule extends ConfigurableModuleClass {}
