import { Injectable } from '@nestjs/common';
import { InjectFluorite, type FluoriteNamespace } from 'fluorite-bridge/nestjs';
import type { NoteDto } from './note.dto.js';

/** A note that was found. */
export interface FoundNote {
  id: string;
  text: string;
  tags: string[];
  score: number;
}

/** Notes, in a namespace of their own. */
@Injectable()
export class NotesService {
  constructor(@InjectFluorite('notes') private readonly notes: FluoriteNamespace) {}

  /** Keeps a note; its id. */
  keep({ text, tags = [] }: NoteDto): Promise<string> {
    return this.notes.storeChunk({ content: text, tags, chunk_type: 'thought' });
  }

  /** The notes nearest to a question, best first. */
  async find(question: string): Promise<FoundNote[]> {
    const hits = await this.notes.searchSimilar(question, { limit: 5, fields: ['content', 'tags'] });
    return hits.map(({ id, content, tags, score }) => ({ id, text: content, tags, score }));
  }
}
