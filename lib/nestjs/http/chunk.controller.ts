import { Delete, Get, HttpCode, Inject, Param, Query } from '@nestjs/common';
import { FluoriteError, type Chunk } from '../../index.js';
import { BodyPipe, type Checked } from './body.pipe.js';
import { FluoriteChunk } from './dto/answers.dto.js';
import { FluoriteWhere } from './dto/get.dto.js';
import { apiOperation, apiQuery, apiResponse } from './openapi.js';
import { FLUORITE_TARGET, type MemoryTarget } from './target.js';

const WHERE = new BodyPipe(FluoriteWhere, 'query');

/** The routes of one chunk. Registered last: what is a fixed path of another controller is never an id here. */
export class ChunkController {
  constructor(@Inject(FLUORITE_TARGET) private readonly memory: MemoryTarget) {}

  /** A chunk. */
  @Get(':id')
  @apiOperation({ summary: 'A chunk with all its fields' })
  @apiQuery('namespace', 'default when absent.')
  @apiResponse({ status: 200, type: FluoriteChunk })
  async get(@Param('id') id: string, @Query(WHERE) where: Checked<FluoriteWhere>): Promise<Chunk> {
    const chunk = await this.memory.getChunk(id, where);
    if (!chunk) throw absent();
    return chunk;
  }

  /** Deletes a chunk. */
  @Delete(':id')
  @HttpCode(204)
  @apiOperation({ summary: 'Delete a chunk' })
  @apiQuery('namespace', 'default when absent.')
  @apiResponse({ status: 204, description: 'It is gone, durably' })
  async delete(@Param('id') id: string, @Query(WHERE) where: Checked<FluoriteWhere>): Promise<void> {
    if (!(await this.memory.deleteChunk(id, where))) throw absent();
  }
}

function absent(): FluoriteError {
  return new FluoriteError('NOT_FOUND', 'there is no chunk with this id in this namespace');
}
