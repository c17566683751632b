import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isFluoriteError } from '../index.js';
import { FluoriteService } from './fluorite.service.js';
import { optional } from './optional.js';
import { FLUORITE_ROOT } from './tokens.js';

/** What the indicator says of the engine: states, never messages, which may name files. */
export interface FluoriteHealthDetails {
  /** `degraded` still answers: something is rebuilt, or works less well. */
  engine?: 'ok' | 'degraded' | 'failed';
  /** The log. */
  storage?: 'ok' | 'degraded' | 'failed';
  /** The indexes. */
  index?: 'ok' | 'degraded' | 'failed';
  /** The model. */
  embedder?: 'ok' | 'degraded' | 'failed';
  /** The search history. */
  history?: 'ok' | 'degraded' | 'failed';
  /** Why nothing could be asked: the code of the error. */
  code?: string;
}

/** The result under its key, as Terminus wants it. */
export type FluoriteHealthResult<Key extends string> = Record<Key, {
  /** `down` when the engine has failed, or cannot be asked. */
  status: 'up' | 'down';
} & FluoriteHealthDetails>;

/** The part of Terminus that is used. */
interface Indicators {
  check<Key extends string>(key: Key): {
    up(details: FluoriteHealthDetails & Record<string, unknown>): FluoriteHealthResult<Key>;
    down(details: FluoriteHealthDetails & Record<string, unknown>): FluoriteHealthResult<Key>;
  };
}

/**
 * The engine's health for Terminus 11 (`@nestjs/terminus`, needed only where this is called). Exported by the root module.
 *
 * @example
 * \@Get() \@HealthCheck() check() { return this.health.check([() => this.fluorite.isHealthy('memory')]); }
 */
@Injectable()
export class FluoriteHealthIndicator {
  /** Nest makes it. */
  constructor(
    @Inject(FLUORITE_ROOT) private readonly service: FluoriteService,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /** Up while the engine answers, degraded or not; down when a part of it has failed or it is closed. Cost: none worth counting. */
  async isHealthy<Key extends string = 'fluorite'>(key: Key = 'fluorite' as Key): Promise<FluoriteHealthResult<Key>> {
    const session = this.#indicators().check(key);
    try {
      const { status, storage, index, embedder, history } = await this.service.health();
      const details = { engine: status, storage: storage.status, index: index.status, embedder: embedder.status, history: history.status };
      return status === 'failed' ? session.down(details) : session.up(details);
    } catch (e) {
      return session.down({ code: isFluoriteError(e) ? e.code : 'INTERNAL' });
    }
  }

  /** The application's `HealthIndicatorService`, or one of our own: it keeps no state. */
  #indicators(): Indicators {
    const load = (): unknown => require('@nestjs/terminus');
    const { HealthIndicatorService } = optional(load, '@nestjs/terminus', 'isHealthy()') as { HealthIndicatorService: new () => Indicators };
    try {
      return this.modules.get<Indicators>(HealthIndicatorService, { strict: false });
    } catch {
      return new HealthIndicatorService();
    }
  }
}
