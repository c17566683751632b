/**
 * An MCP server on a store: a lasting memory for agents, over standard input and output or HTTP.
 *
 * The knowledge graph of the reference memory server lives in a namespace of the store (`knowledge-graph`), one chunk for each fact:
 * an entity (its name and type), an observation, a relation. The id of a chunk is the hash of what it says, so equal facts meet and
 * nothing is rewritten: adding an observation stores one chunk, and facts keep the order they came in. A chunk's content is a
 * sentence, for searches; its metadata is the fact, exactly. Tags tie facts to the entities they name, so an entity goes with all
 * that hangs on it in one batch.
 */
export { importGraph, KnowledgeGraph, type AddedObservations, type Entity, type Graph, type ImportOptions, type ImportReport, type Relation } from './graph/index.js';
export type { McpServerOptions } from './options.js';
export { runMcpServer, startMcpServer, type McpServerHandle } from './run.js';
