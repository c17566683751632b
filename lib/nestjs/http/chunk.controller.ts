import { Delete, Get, HttpCode, Inject, Param, Query } from '@nestjs/common';
import { FluoriteError, type Chunk } from '../../index.js';
import { BodyPipe, type Checked } from './body.pipe.js';
import { FluoriteChunk } from './dto/answers.dto.js';
import { FluoriteWhere, FluoriteWhereDelete } from './dto/get.dto.js';
import { apiOperation, apiQuery, apiResponse } from './openapi.js';
import { FLUORITE_TARGET, type MemoryTarget } from './target.js';

const WHERE = new BodyPipe(FluoriteWhere, 'query');
const DELETE = new BodyPipe(FluoriteWhereDelete, 'query');

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

  /** Deletes a chunk. A purge of what is not there (any more) is no error: its bytes may be. */
  @Delete(':id')
  @HttpCode(204)
  @apiOperation({ summary: 'Delete a chunk' })
  @apiQuery('namespace', 'default when absent.')
  @apiQuery('purge', 'true: every byte of it leaves the disk within about a minute, also of one that was deleted before; never 404.')
  @apiResponse({ status: 204, description: 'It is gone, durably' })
  async delete(@Param('id') id: string, @Query(DELETE) { purge, ...where }: Checked<FluoriteWhereDelete>): Promise<void> {
    const purged = purge === 'true';
    if (!(await this.memory.deleteChunk(id, { ...where, purge: purged })) && !purged) throw absent();
  }
}

function absent(): FluoriteError {
  return new FluoriteError('NOT_FOUND', 'there is no chunk with this id in this namespace');
}
