import { Get, Header, Inject } from '@nestjs/common';
import type { FluoriteService } from '../fluorite.service.js';
import { FLUORITE_ROOT } from '../tokens.js';
import { apiOperation, apiResponse } from './openapi.js';

/** Metrics of the whole store for Prometheus: registered only with `metrics: true`, never for routes that are confined to a namespace. */
export class MetricsController {
  constructor(@Inject(FLUORITE_ROOT) private readonly service: Pick<FluoriteService, 'getMetrics'>) {}

  /** Metrics as text. */
  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @apiOperation({ summary: 'Metrics for Prometheus', description: 'Latency by stage, caches, memory, quality, learning. Measures no accuracy: what the server measured last is told.' })
  @apiResponse({ status: 200, description: 'The text exposition format' })
  metrics(): Promise<string> {
    return this.service.getMetrics({ format: 'prometheus' });
  }
}
