// What fluorite-mcp's tools need of spike templates, on the bridge: discover, auto, preview, explain.
const FIELDS = ['frameworks', 'tags', 'metadata'];
const filter = { chunk_type: ['spike_template'] };

/** Spike templates of a folder in a store. */
export class SpikeCatalog {
  #bridge;
  #folder;

  /** `bridge` is open; `folder` holds the spike files. */
  constructor(bridge, folder) {
    this.#bridge = bridge;
    this.#folder = folder;
  }

  /** Takes in what changed in the folder since the last time. Options as of `learnFromSpikes`. */
  learn(options = {}) {
    return this.#bridge.learnFromSpikes({ path: this.#folder, ...options });
  }

  /** Templates for a query, best first; without one all, in the order they were stored. `{ items, has_more }` */
  async discover({ query, limit = 20, offset = 0 } = {}) {
    const found = query ? await this.#bridge.searchSimilar(query, { limit: limit + 1, offset, filter, fields: FIELDS }) : await this.#list(limit + 1, offset);
    return { items: found.slice(0, limit).map(item), has_more: found.length > limit };
  }

  /** The best template for a task, the next best, and the parameters it takes. `selected` is null when nothing fits. */
  async auto({ task, alternatives = 4 }) {
    const hits = await this.#bridge.searchSimilar(task, { limit: 1 + alternatives, filter, fields: FIELDS });
    const [selected = null, ...rest] = hits.map(item);
    return { selected, params: hits[0]?.metadata.params ?? [], alternatives: rest };
  }

  /** The files a template writes, with these values and its declared defaults. Writes nothing. */
  async preview({ id, params = {} }) {
    const { metadata } = await this.#chunk(id);
    const rendered = await this.#bridge.renderSpike(`spike:${id}`, params);
    return { ...rendered, id, patches: metadata.template.patches ?? [] };
  }

  /** What a template is: name, description, stack, tags, parameters, files. */
  async explain({ id }) {
    const chunk = await this.#chunk(id);
    const [head] = chunk.content.split('\n--- ', 1);
    return { ...item(chunk), version: chunk.metadata.version ?? null, params: chunk.metadata.params, language: chunk.language, file: chunk.source, about: head.trim() };
  }

  async #chunk(id) {
    const chunk = await this.#bridge.getChunk(`spike:${id}`);
    if (chunk === null) throw new Error(`there is no spike ${id}; discover lists them`);
    return chunk;
  }

  async #list(limit, offset) {
    const all = [];
    for await (const chunk of this.#bridge.listChunks({ filter, limit: offset + limit })) all.push(chunk);
    return all.slice(offset);
  }
}

/** A template in a list. `score` is null where nothing was asked. */
function item({ id, frameworks, tags, metadata, score = null }) {
  return { id: id.replace(/^spike:/, ''), name: metadata.name, stack: frameworks, tags, files: metadata.files, score };
}
