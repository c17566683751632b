// Runs in a process of its own: a damaged addon or ONNX Runtime library may end it, and the parent lives to tell.
// Prints one JSON line per stage. The argument is the configuration to try and the store to open, as JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BridgeConfig, Progress } from '../../facade/types/index.js';
import type { FluoriteBridge } from '../../index.js';

/** Stores of up to this many bytes are verified deeply: a matter of seconds. */
const CHEAP = 256 << 20;

/** What is tried. */
export interface ProbeInput {
  /** Without `memory_path`. */
  config: BridgeConfig;
  /** The store, when there is one. */
  memory_path: string | undefined;
  /** Open that store for reading alone, whatever the configuration says. */
  read_only?: boolean;
}
/** Outcome of a stage. */
export interface Stage {
  stage: 'addon' | 'config' | 'model' | 'store' | 'verify';
  error?: { code: string; message: string };
  /** What is worth telling of a success. */
  found?: Record<string, unknown>;
}

/** A line between the stages: the last one goes on. */
export interface Going {
  progress: Progress;
}

async function run(input: ProbeInput): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'fluorite-doctor-'));
  try {
    let loaded: typeof import('../../index.js') | undefined;
    await stage('addon', async () => void (loaded = await import('../../index.js')));
    if (!loaded) return;
    const { FluoriteBridge } = loaded;
    const config = await stage('config', async () => {
      const bridge = await FluoriteBridge.open({ ...input.config, memory_path: join(scratch, 'config'), enable_ml: false, read_only: false });
      await bridge.shutdown();
    });
    if (!config) return;
    await stage('model', async () => {
      const bridge = await FluoriteBridge.open({ ...input.config, memory_path: join(scratch, 'model'), read_only: false });
      try {
        if (!(await bridge.getStats()).model.enabled) return { enabled: false };
        await bridge.storeChunk({ content: 'Does the model work?' });
        const { model } = await bridge.getStats();
        return { enabled: true, id: model.id, dimensions: model.dimensions };
      } finally {
        await bridge.shutdown();
      }
    });
    const { memory_path, read_only } = input;
    if (memory_path === undefined) return;
    const open = (how: BridgeConfig): Promise<unknown> => FluoriteBridge.open({ ...input.config, memory_path, enable_ml: false, ...how }).catch((e: unknown) => e);
    const opened = await open(read_only ? { read_only } : {});
    // whoever has it open may keep it: reading beside it changes nothing
    const held = (opened as { code?: unknown }).code === 'STORE_LOCKED';
    await examine(held ? await open({ read_only: true }) : opened, held);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Looks at the open store, or says why it does not open. */
async function examine(opened: unknown, held: boolean): Promise<void> {
  let bytes = 0;
  const there = await stage('store', async () => {
    if (!isBridge(opened)) throw opened;
    const { chunks, disk_bytes, recovered_tail_bytes, model } = await opened.getStats();
    bytes = disk_bytes;
    return { chunks, disk_bytes, recovered_tail_bytes, model: model.id, health: await opened.health(), held };
  });
  if (!isBridge(opened)) return;
  const on_progress = (progress: Progress): void => print({ progress });
  if (there) await stage('verify', async () => ({ ...(await opened.verify({ deep: bytes <= CHEAP, on_progress })) }));
  await opened.shutdown();
}

function isBridge(opened: unknown): opened is FluoriteBridge {
  return typeof (opened as FluoriteBridge | null)?.verify === 'function';
}

function print(line: Stage | Going): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function stage(name: Stage['stage'], work: () => Promise<Record<string, unknown> | void>): Promise<boolean> {
  const outcome: Stage = { stage: name };
  try {
    const found = await work();
    if (found) outcome.found = found;
  } catch (e) {
    const { code, message } = e as { code?: unknown; message?: unknown };
    outcome.error = { code: String(code ?? 'INTERNAL'), message: String(message ?? e) };
  }
  print(outcome);
  return outcome.error === undefined;
}

void run(JSON.parse(process.argv[2] ?? '{}') as ProbeInput);
