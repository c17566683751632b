// The nine tools of the reference memory server, row by row: what was there, the call, what it returns, what is there then.
// REFERENCE_MEMORY_SERVER=<its index.js> runs the same rows against the reference server itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { call, client, KnowledgeGraph, reference, serve } from './mcp-helpers.mjs';
import { folder, open } from './helpers.mjs';

const alice = { name: 'Alice', entityType: 'person', observations: ['works at Acme Corp', 'likes programming'] };
const bob = { name: 'Bob', entityType: 'person', observations: ['works at TechCo'] };
const acme = { name: 'Acme Corp', entityType: 'company', observations: ['tech company'] };
const worksAt = { from: 'Alice', to: 'Acme Corp', relationType: 'works_at' };
const competes = { from: 'Bob', to: 'Acme Corp', relationType: 'competitor' };
const full = { entities: [alice, bob, acme], relations: [worksAt, competes] };
const empty = { entities: [], relations: [] };
const done = (what) => ({ success: true, message: `${what} deleted successfully` });
const bare = (name) => ({ name, entityType: 'person', observations: [] });

/** [what, graph before, tool, arguments, structured result or error, graph after (as before when absent)] */
const ROWS = [
  ['new entities come back', empty, 'create_entities', { entities: [alice, bob] }, { entities: [alice, bob] }, { entities: [alice, bob], relations: [] }],
  ['a known name is left as it is', full, 'create_entities', { entities: [{ ...alice, observations: ['other'] }] }, { entities: [] }],
  ['only the new of several come back', { entities: [alice], relations: [] }, 'create_entities', { entities: [alice, bob] }, { entities: [bob] }, { entities: [alice, bob], relations: [] }],
  ['no entities', full, 'create_entities', { entities: [] }, { entities: [] }],
  ['names differ by case', { entities: [alice], relations: [] }, 'create_entities', { entities: [bare('alice')] }, { entities: [bare('alice')] }, { entities: [alice, bare('alice')], relations: [] }],
  ['equal observations of a new entity stay', empty, 'create_entities', { entities: [{ ...bob, observations: ['x', 'x'] }] }, { entities: [{ ...bob, observations: ['x', 'x'] }] }, { entities: [{ ...bob, observations: ['x', 'x'] }], relations: [] }],
  ['an empty name is a name', empty, 'create_entities', { entities: [bare('')] }, { entities: [bare('')] }, { entities: [bare('')], relations: [] }],

  ['new relations come back', { entities: [alice, acme], relations: [] }, 'create_relations', { relations: [worksAt] }, { relations: [worksAt] }, { entities: [alice, acme], relations: [worksAt] }],
  ['a known relation is not repeated', full, 'create_relations', { relations: [worksAt] }, { relations: [] }],
  ['relations differ by their type', full, 'create_relations', { relations: [{ ...worksAt, relationType: 'founded' }] }, { relations: [{ ...worksAt, relationType: 'founded' }] }, { ...full, relations: [worksAt, competes, { ...worksAt, relationType: 'founded' }] }],
  ['the ends of a relation need not exist', empty, 'create_relations', { relations: [worksAt] }, { relations: [worksAt] }, { entities: [], relations: [worksAt] }],
  ['a relation to itself', { entities: [alice], relations: [] }, 'create_relations', { relations: [{ from: 'Alice', to: 'Alice', relationType: 'is' }] }, { relations: [{ from: 'Alice', to: 'Alice', relationType: 'is' }] }, { entities: [alice], relations: [{ from: 'Alice', to: 'Alice', relationType: 'is' }] }],
  ['no relations', full, 'create_relations', { relations: [] }, { relations: [] }],

  ['new observations come back', { entities: [bob], relations: [] }, 'add_observations', { observations: [{ entityName: 'Bob', contents: ['likes coffee', 'has a dog'] }] },
    { results: [{ entityName: 'Bob', addedObservations: ['likes coffee', 'has a dog'] }] }, { entities: [{ ...bob, observations: ['works at TechCo', 'likes coffee', 'has a dog'] }], relations: [] }],
  ['a known observation is not repeated', { entities: [bob], relations: [] }, 'add_observations', { observations: [{ entityName: 'Bob', contents: ['works at TechCo', 'has a dog'] }] },
    { results: [{ entityName: 'Bob', addedObservations: ['has a dog'] }] }, { entities: [{ ...bob, observations: ['works at TechCo', 'has a dog'] }], relations: [] }],
  ['one entity twice in a call', { entities: [bare('Bob')], relations: [] }, 'add_observations', { observations: [{ entityName: 'Bob', contents: ['a'] }, { entityName: 'Bob', contents: ['a', 'b'] }] },
    { results: [{ entityName: 'Bob', addedObservations: ['a'] }, { entityName: 'Bob', addedObservations: ['b'] }] }, { entities: [{ ...bare('Bob'), observations: ['a', 'b'] }], relations: [] }],
  ['an unknown entity fails, and nothing is stored', { entities: [bob], relations: [] }, 'add_observations', { observations: [{ entityName: 'Bob', contents: ['x'] }, { entityName: 'Ghost', contents: ['y'] }] }, /^Entity with name Ghost not found/],

  ['an entity goes with its relations', full, 'delete_entities', { entityNames: ['Acme Corp'] }, done('Entities'), { entities: [alice, bob], relations: [] }],
  ['relations of others stay', full, 'delete_entities', { entityNames: ['Alice'] }, done('Entities'), { entities: [bob, acme], relations: [competes] }],
  ['deleting an unknown entity', full, 'delete_entities', { entityNames: ['Ghost'] }, done('Entities')],
  ['a relation goes with an end that never existed', { entities: [alice], relations: [worksAt] }, 'delete_entities', { entityNames: ['Acme Corp'] }, done('Entities'), { entities: [alice], relations: [] }],
  ['deleting no entity', full, 'delete_entities', { entityNames: [] }, done('Entities')],

  ['an observation goes', { entities: [alice], relations: [] }, 'delete_observations', { deletions: [{ entityName: 'Alice', observations: ['likes programming'] }] }, done('Observations'), { entities: [{ ...alice, observations: ['works at Acme Corp'] }], relations: [] }],
  ['every copy of an observation goes', { entities: [{ ...bob, observations: ['x', 'y', 'x'] }], relations: [] }, 'delete_observations', { deletions: [{ entityName: 'Bob', observations: ['x'] }] }, done('Observations'), { entities: [{ ...bob, observations: ['y'] }], relations: [] }],
  ['the same observation of another entity stays', { entities: [{ ...alice, observations: ['x'] }, { ...bob, observations: ['x'] }], relations: [] }, 'delete_observations', { deletions: [{ entityName: 'Bob', observations: ['x'] }] }, done('Observations'), { entities: [{ ...alice, observations: ['x'] }, bare('Bob')], relations: [] }],
  ['observations of an unknown entity', full, 'delete_observations', { deletions: [{ entityName: 'Ghost', observations: ['x'] }] }, done('Observations')],
  ['an unknown observation', full, 'delete_observations', { deletions: [{ entityName: 'Alice', observations: ['Works at acme corp'] }] }, done('Observations')],

  ['a relation goes', full, 'delete_relations', { relations: [worksAt] }, done('Relations'), { ...full, relations: [competes] }],
  ['a relation of another type stays', full, 'delete_relations', { relations: [{ ...worksAt, relationType: 'founded' }] }, done('Relations')],
  ['a relation has a direction', full, 'delete_relations', { relations: [{ from: 'Acme Corp', to: 'Alice', relationType: 'works_at' }] }, done('Relations')],

  ['nothing is an empty graph', empty, 'read_graph', {}, empty],
  ['the whole graph', full, 'read_graph', {}, full],

  ['found by name', full, 'search_nodes', { query: 'Alice' }, { entities: [alice], relations: [worksAt] }],
  ['found by type', full, 'search_nodes', { query: 'company' }, { entities: [acme], relations: [worksAt, competes] }],
  ['found by observation', full, 'search_nodes', { query: 'programming' }, { entities: [alice], relations: [worksAt] }],
  ['case does not count', full, 'search_nodes', { query: 'TECHCO' }, { entities: [bob], relations: [competes] }],
  ['a part of a word is enough', full, 'search_nodes', { query: 'cme C' }, { entities: [alice, acme], relations: [worksAt, competes] }],
  ['relations at either end', full, 'search_nodes', { query: 'tech company' }, { entities: [acme], relations: [worksAt, competes] }],
  ['an empty query finds everything', full, 'search_nodes', { query: '' }, full],
  ['nothing found', full, 'search_nodes', { query: 'NonExistent' }, empty],
  ['beyond the reference: words in any order and place', full, 'search_nodes', { query: 'programming alice' }, { entities: [alice], relations: [worksAt] }],

  ['opened by name, with relations to others', full, 'open_nodes', { names: ['Alice'] }, { entities: [alice], relations: [worksAt] }],
  ['opened with relations from others', full, 'open_nodes', { names: ['Acme Corp'] }, { entities: [acme], relations: [worksAt, competes] }],
  ['several are opened in the order of the graph', full, 'open_nodes', { names: ['Bob', 'Alice'] }, { entities: [alice, bob], relations: [worksAt, competes] }],
  ['an unknown name is not opened', full, 'open_nodes', { names: ['Ghost', 'alice'] }, empty],
  ['no names', full, 'open_nodes', { names: [] }, empty],
];

test('the nine tools do what the reference server does', async (t) => {
  const c = process.env.REFERENCE_MEMORY_SERVER ? await reference(t, process.env.REFERENCE_MEMORY_SERVER) : await client(t, await serve(t));
  for (const [what, before, name, args, expected, after = before] of ROWS) {
    const skip = what.startsWith('beyond') && Boolean(process.env.REFERENCE_MEMORY_SERVER);
    await t.test(`${name}: ${what}`, { skip }, async () => {
      const { entities, relations } = await call(c, 'read_graph');
      await call(c, 'delete_entities', { entityNames: [...entities.map((e) => e.name), ...relations.flatMap((r) => [r.from, r.to])] });
      await call(c, 'create_entities', { entities: before.entities });
      await call(c, 'create_relations', { relations: before.relations });
      const result = await c.callTool({ name, arguments: args });
      if (expected instanceof RegExp) {
        assert.equal(result.isError, true);
        assert.match(result.content[0].text, expected);
      } else {
        assert.deepEqual(result.structuredContent, expected);
        const block = expected.message ?? expected.results ?? (name.startsWith('create_') ? Object.values(expected)[0] : expected);
        assert.equal(result.content[0].text, typeof block === 'string' ? block : JSON.stringify(block, null, 2));
      }
      assert.deepEqual(await call(c, 'read_graph'), after);
    });
  }
});

test('a member that the schema does not name is refused, as the schema says', async (t) => {
  const c = await client(t, await serve(t));
  const calls = [
    ['create_entities', { entities: [{ ...alice, color: 'red' }] }], ['create_relations', { relations: [{ ...worksAt, weight: 1 }] }], ['add_observations', { observations: [{ entityName: 'Alice', contents: [], more: 1 }] }],
    ['delete_entities', { entityNames: [], all: true }], ['delete_observations', { deletions: [{ entityName: 'Alice', observations: [], more: 1 }] }], ['delete_relations', { relations: [], all: true }],
    ['read_graph', { limit: 1 }], ['search_nodes', { query: 'x', limit: 1 }], ['open_nodes', { names: [], depth: 2 }],
  ];
  for (const [name, args] of calls) await assert.rejects(call(c, name, args), /[Uu]nrecognized key/, name);
  assert.deepEqual(await call(c, 'read_graph'), empty);
});

test('open_nodes with thousands of names, in the order of the graph', async (t) => {
  const graph = new KnowledgeGraph(await open(t));
  const entities = Array.from({ length: 2_500 }, (_, i) => ({ name: `E${i}`, entityType: 't', observations: [`fact ${i}`] }));
  const relations = entities.map(({ name }, i) => ({ from: name, to: `E${(i + 1) % 2_500}`, relationType: 'precedes' }));
  await graph.createEntities(entities);
  await graph.createRelations(relations);
  for (const count of [1, 999, 1_000, 1_001, 2_400, 2_500]) {
    const wanted = entities.slice(0, count);
    const names = [...wanted.map((e) => e.name), ...Array.from({ length: 1_000 }, (_, i) => `none ${i}`)].reverse();
    const found = await graph.openNodes(count === 999 ? names.slice(1_000) : names);
    assert.deepEqual(found, { entities: wanted, relations: count === 2_500 ? relations : [...relations.slice(0, count), relations.at(-1)] }, `${count}`);
  }
});

test('a graph is there after a restart, in the same order', async (t) => {
  const memory_path = folder();
  const first = await serve(t, { memory_path });
  const c = await client(t, first);
  await call(c, 'create_entities', { entities: full.entities });
  await call(c, 'create_relations', { relations: full.relations });
  await call(c, 'add_observations', { observations: [{ entityName: 'Alice', contents: ['moved'] }] });
  await first.close();
  const again = await client(t, await serve(t, { memory_path }));
  assert.deepEqual(await call(again, 'read_graph'), { entities: [{ ...alice, observations: [...alice.observations, 'moved'] }, bob, acme], relations: full.relations });
});

test('search_nodes finds by meaning when there is a model', async (t) => {
  const c = await client(t, await serve(t, { enable_ml: true }));
  await call(c, 'create_entities', { entities: [
    { name: 'Bob', entityType: 'person', observations: ['prefers tea over coffee'] },
    { name: 'Dave', entityType: 'person', observations: ['plays the violin'] },
    { name: 'Phoenix', entityType: 'project', observations: ['its database is PostgreSQL'] },
  ] });
  const names = async (query) => (await call(c, 'search_nodes', { query })).entities.map((e) => e.name);
  assert.deepEqual(await names('musical instruments'), ['Dave']);
  assert.deepEqual(await names('favourite drink'), ['Bob']);
  assert.deepEqual(await names('\u2060'), [], 'what nobody sees has no meaning');
  assert.deepEqual(await names('Bob'), ['Bob'], 'one word that is found is no question of meaning');
  assert.deepEqual(await names('zzz'), []);
});
