import type { FluoriteBridge } from '../index.js';
import { Budget } from './budget.js';
import { KnowledgeGraph } from './graph/index.js';

/** What the tools of all sessions of a server share. */
export class Core {
  /** The store. */
  readonly bridge: FluoriteBridge;
  /** Entities and relations in it. */
  readonly graph: KnowledgeGraph;
  /** Bounds outputs. */
  readonly budget: Budget;
  /** Most tokens of any tool's output. */
  readonly most_tokens: number;
  /** Folders `learn_spikes` may read. */
  readonly spike_paths: readonly string[];
  /** Another process writes the store: only tools that read are offered. */
  readonly read_only: boolean;
  /** Takes a line for the operator. */
  readonly log: (line: string) => void;
  #running = 0;
  #idle: (() => void)[] = [];

  /** @param bridge - an open store. */
  constructor(bridge: FluoriteBridge, options: { graph_namespace: string; most_tokens: number; spike_paths: readonly string[]; read_only: boolean; log: (line: string) => void }) {
    this.bridge = bridge;
    this.graph = new KnowledgeGraph(bridge, options.graph_namespace);
    this.budget = new Budget(bridge);
    this.most_tokens = options.most_tokens;
    this.spike_paths = options.spike_paths;
    this.read_only = options.read_only;
    this.log = options.log;
  }

  /** Counts work in; call the result when it is over. */
  enter(): () => void {
    this.#running++;
    return () => {
      if (--this.#running > 0) return;
      for (const wake of this.#idle.splice(0)) wake();
    };
  }

  /** Resolves when no work is under way. */
  async idle(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((wake) => this.#idle.push(wake));
  }
}
