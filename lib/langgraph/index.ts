/** A LangGraph.js store on a bridge. Needs the package `@langchain/langgraph-checkpoint` (LangGraph brings it). */
export { FluoriteStore, type FluoriteStoreOptions } from './store.js';
