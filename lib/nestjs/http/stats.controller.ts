import { Get, Inject } from '@nestjs/common';
import type { EngineStats } from '../../index.js';
import type { FluoriteService } from '../fluorite.service.js';
import { FLUORITE_ROOT } from '../tokens.js';
import { apiOperation, apiResponse } from './openapi.js';

/** Figures of the whole store: not registered for routes that are confined to a namespace. */
export class StatsController {
  constructor(@Inject(FLUORITE_ROOT) private readonly service: Pick<FluoriteService, 'getStats'>) {}

  /** Figures. */
  @Get('stats')
  @apiOperation({ summary: 'Figures of the store, its caches and the model' })
  @apiResponse({ status: 200, description: 'As `getStats` gives them' })
  stats(): Promise<EngineStats> {
    return this.service.getStats();
  }
}
