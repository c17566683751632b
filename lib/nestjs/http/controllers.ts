import { Controller, UseFilters, UseGuards, UseInterceptors, type Type } from '@nestjs/common';
import { FluoriteError } from '../../index.js';
import { ChunkController } from './chunk.controller.js';
import { ClosingInterceptor } from './closing.interceptor.js';
import { FluoriteProblem } from './dto/answers.dto.js';
import { EventsController } from './events.controller.js';
import { FluoriteExceptionFilter } from './exception.filter.js';
import { MemoryController } from './memory.controller.js';
import { MetricsController } from './metrics.controller.js';
import { apiResponse, apiTags } from './openapi.js';
import type { FluoriteHttpOptions } from './options.js';
import { StatsController } from './stats.controller.js';

/** Why a route may refuse, for OpenAPI. */
const REFUSALS: readonly [number, string][] = [
  [400, 'A body, id or option that is refused'],
  [404, 'No such chunk'],
  [409, 'A write, and the memory is open for reading only'],
  [413, 'A chunk or body that is too large'],
  [503, 'The memory is busy or closed: try again'],
  [507, 'The disk is full'],
];

/** The controllers of one registration, in the order Nest is to register them: fixed paths first. */
export function memoryControllers(options: FluoriteHttpOptions): Type<unknown>[] {
  for (const guard of options.guards ?? []) {
    // Nest 10 passes over such a class without a word, and the routes would be open.
    if (typeof guard === 'function' && !guard.name) throw new FluoriteError('INVALID_CONFIG', 'FluoriteHttpModule: a guard class needs a name');
  }
  const whole = options.namespace === undefined;
  if (options.metrics && !whole) throw new FluoriteError('INVALID_CONFIG', 'FluoriteHttpModule: metrics are of the whole store: register them apart from routes with a namespace');
  const figures = whole ? [StatsController, ...(options.metrics ? [MetricsController] : [])] : [];
  return [MemoryController, EventsController, ...figures, ChunkController].map((base) => registered(base as Type<object>, options));
}

/** A subclass of its own, so that each registration has its path and guards. */
function registered(base: Type<object>, { path = 'api/memory', guards = [], decorators = [] }: FluoriteHttpOptions): Type<object> {
  const made = { [base.name]: class extends base {} }[base.name] as Type<object>;
  const refusals = REFUSALS.map(([status, description]) => apiResponse({ status, description, type: FluoriteProblem }));
  const nest = [UseFilters(FluoriteExceptionFilter), UseInterceptors(ClosingInterceptor), Controller(path)];
  const all: ClassDecorator[] = [apiTags('memory'), ...refusals, ...nest, ...decorators];
  if (guards.length > 0) all.push(UseGuards(...guards));
  for (const decorate of all) decorate(made);
  return made;
}
