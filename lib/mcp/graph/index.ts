export { importGraph, type ImportOptions, type ImportReport } from './import.js';
export { KnowledgeGraph } from './graph.js';
export type { Entity, Graph, Relation } from './records.js';
