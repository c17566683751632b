import { Injectable } from '@nestjs/common';

/** What the environment says. */
@Injectable()
export class Settings {
  /** Folder of the store. */
  readonly memoryPath = process.env['MEMORY_PATH'] ?? './memory';
  /** Load the embedding model? `MODEL=off` searches by words alone. */
  readonly model = process.env['MODEL'] !== 'off';
  /** Key of the memory routes; without one they answer nobody. */
  readonly apiKey = process.env['API_KEY'];
}
