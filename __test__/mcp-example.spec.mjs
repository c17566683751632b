// The example session runs as it stands in the repository.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './helpers.mjs';

test('examples/mcp-client: a session of the official client', () => {
  const ran = spawnSync(process.execPath, [join(root, 'examples', 'mcp-client', 'session.mjs')], { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  const [tools, search, context, graph] = ran.stdout.trimEnd().split('\n');
  assert.match(tools, /^fluorite \d.*memory_search.*open_nodes/);
  assert.equal(search, 'search: Deploys go out on Tuesdays; the runbook is docs/deploy.md');
  assert.match(context, /PostgreSQL 16/);
  assert.equal(graph, 'graph: Ann owns Phoenix');
});
