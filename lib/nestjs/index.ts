// `fluorite-bridge/nestjs`: needs @nestjs/common, @nestjs/core, reflect-metadata and rxjs; @nestjs/terminus for the health indicator,
// class-validator for the routes, @nestjs/swagger for their description. What is not used need not be installed.
export { FLUORITE_OPTIONS, type FluoriteModuleAsyncOptions, type FluoriteModuleOptions } from './definition.js';
export { FluoriteModule } from './fluorite.module.js';
export { FluoriteService } from './fluorite.service.js';
export { FluoriteHealthIndicator, type FluoriteHealthDetails, type FluoriteHealthResult } from './health.js';
export { FluoriteExceptionFilter } from './http/exception.filter.js';
export { FluoriteHttpModule } from './http/http.module.js';
export type { FluoriteHttpOptions } from './http/options.js';
export type { InvalidField, Problem } from './http/problem.js';
export { FluoriteNamespace, type NamespaceMethods } from './namespace.js';
export type { FluoriteFeature, FluoriteModuleExtras, FluoriteOptionsFactory, FluoriteTestingOptions } from './options.js';
export { getFluoriteToken, InjectFluorite } from './tokens.js';
