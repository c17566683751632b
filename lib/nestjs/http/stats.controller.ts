import { Get, Inject } from '@nestjs/common';
import type { EngineStats, LearningStats } from '../../index.js';
import type { FluoriteService } from '../fluorite.service.js';
import { FLUORITE_ROOT } from '../tokens.js';
import { FluoriteLearned } from './dto/learned.dto.js';
import { apiOperation, apiResponse } from './openapi.js';
import { RequestSignal } from './response.decorator.js';

/** Figures of the whole store: not registered for routes that are confined to a namespace. */
export class StatsController {
  constructor(@Inject(FLUORITE_ROOT) private readonly service: Pick<FluoriteService, 'getStats' | 'getLearningStats'>) {}

  /** Figures. */
  @Get('stats')
  @apiOperation({ summary: 'Figures of the store, its caches and the model' })
  @apiResponse({ status: 200, description: 'As `getStats` gives them' })
  stats(): Promise<EngineStats> {
    return this.service.getStats();
  }

  /** What has been learned. */
  @Get('learning/stats')
  @apiOperation({ summary: 'What has been learned so far', description: 'Chunks by where they came from, folders, qualities, patterns, the last runs, feedback and trained domains. Reads every chunk.' })
  @apiResponse({ status: 200, type: FluoriteLearned })
  learned(@RequestSignal() signal: AbortSignal): Promise<LearningStats> {
    return this.service.getLearningStats({ signal });
  }
}
