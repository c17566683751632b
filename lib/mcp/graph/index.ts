export { importGraph, type ImportOptions, type ImportReport } from './import.js';
export { KnowledgeGraph, type AddedObservations } from './graph.js';
export type { Entity, Graph, Relation } from './records.js';
