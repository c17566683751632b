import { Body, HttpCode, Inject, Post } from '@nestjs/common';
import type { BatchResult, Chunk, Context, SearchHit } from '../../index.js';
import { FluoriteError } from '../../index.js';
import { BodyPipe, type Checked } from './body.pipe.js';
import { FluoriteHits, FluoriteStored } from './dto/answers.dto.js';
import { FluoriteFeedback } from './dto/feedback.dto.js';
import { FluoriteGet } from './dto/get.dto.js';
import { FluoriteContextInput, FluoriteSearch } from './dto/search.dto.js';
import { FluoriteBatch, FluoriteChunkInput } from './dto/store.dto.js';
import { apiBody, apiOperation, apiResponse } from './openapi.js';
import { RequestSignal } from './response.decorator.js';
import { FLUORITE_TARGET, type MemoryTarget } from './target.js';

/** The routes with fixed paths. Those with an id are in a controller of their own, registered after it: a fixed path always wins. */
export class MemoryController {
  constructor(@Inject(FLUORITE_TARGET) private readonly memory: MemoryTarget) {}

  /** Stores a chunk. */
  @Post()
  @apiOperation({ summary: 'Store a chunk, or a new version of it', description: 'When it answers the chunk is durable and the next search finds it.' })
  @apiBody({ type: FluoriteChunkInput })
  @apiResponse({ status: 201, type: FluoriteStored })
  async store(@Body(new BodyPipe(FluoriteChunkInput, 'chunk')) chunk: Checked<FluoriteChunkInput>): Promise<{ id: string }> {
    return { id: await this.memory.storeChunk(chunk) };
  }

  /** Stores chunks. */
  @Post('batch')
  @apiOperation({ summary: 'Store up to 1,000 chunks' })
  @apiBody({ type: FluoriteBatch })
  @apiResponse({ status: 201, description: '`ids` in the order given, `stored`, `failed` with `on_error: collect`, and `split` with what was stored in pieces (`memory.auto_split`)' })
  storeMany(@Body(new BodyPipe(FluoriteBatch, 'batch')) { chunks, ...options }: Checked<FluoriteBatch>): Promise<BatchResult> {
    return this.memory.storeChunks(chunks, options);
  }

  /** Chunks by id, whatever characters the ids have. */
  @Post('get')
  @HttpCode(200)
  @apiOperation({ summary: 'Chunks by id, null where there is none', description: 'For many ids, and for ids that are also fixed paths of this API.' })
  @apiBody({ type: FluoriteGet })
  @apiResponse({ status: 200, description: '`chunks` in the order given' })
  async getMany(@Body(new BodyPipe(FluoriteGet, 'get')) { ids, ...where }: Checked<FluoriteGet>): Promise<{ chunks: (Chunk | null)[] }> {
    return { chunks: await this.memory.getChunks(ids, where) };
  }

  /** Searches. */
  @Post('search')
  @HttpCode(200)
  @apiOperation({ summary: 'The best hits for a text or a vector, best first' })
  @apiBody({ type: FluoriteSearch })
  @apiResponse({ status: 200, type: FluoriteHits })
  async search(
    @Body(new BodyPipe(FluoriteSearch, 'search')) { query, vector, ...options }: Checked<FluoriteSearch>,
    @RequestSignal() signal: AbortSignal,
  ): Promise<{ hits: SearchHit[] }> {
    return { hits: await this.memory.searchSimilar(asked(query, vector), { ...options, signal }) };
  }

  /** Builds a context. */
  @Post('context')
  @HttpCode(200)
  @apiOperation({ summary: 'The best chunks for a query as one text within a token budget' })
  @apiBody({ type: FluoriteContextInput })
  @apiResponse({ status: 200, description: '`text`, `tokens`, `chunk_ids` and `chunks`' })
  context(
    @Body(new BodyPipe(FluoriteContextInput, 'context')) { query, vector, ...options }: Checked<FluoriteContextInput>,
    @RequestSignal() signal: AbortSignal,
  ): Promise<Context> {
    return this.memory.buildContext(asked(query, vector), { ...options, signal });
  }

  /** Keeps feedback. */
  @Post('feedback')
  @HttpCode(204)
  @apiOperation({ summary: 'Say how useful a chunk was', description: 'Kept durably; ranks nothing differently before the server trains on it.' })
  @apiBody({ type: FluoriteFeedback })
  @apiResponse({ status: 204, description: 'It is kept' })
  feedback(@Body(new BodyPipe(FluoriteFeedback, 'feedback')) feedback: Checked<FluoriteFeedback>): Promise<void> {
    return this.memory.addFeedback(feedback);
  }
}

/** The text or the vector, whichever was given. */
function asked(query: string | undefined, vector: number[] | undefined): string | Float32Array {
  if ((query ?? undefined) === undefined && vector) return Float32Array.from(vector);
  if (query !== undefined && query !== null && !vector) return query;
  throw new FluoriteError('INVALID_ARGUMENT', 'give either query or vector');
}
