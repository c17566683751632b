// A run as Markdown.

const number = (x) => (x === null || x === undefined ? '' : x.toFixed(3).replace(/^(-?)0\./, '$1.'));
const signed = (x) => (x >= 0 ? '+' : '') + number(x);
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** The whole report of `run.mjs`. */
export function markdown({ model, settings, results, skipped, summary, against_record }) {
  const parts = [`model ${model.name}/${model.file} sha256 ${model.sha256}`, `settings ${JSON.stringify(settings)}`, legTable(results)];
  const grouped = results.filter((s) => s.groups.length > 0);
  if (grouped.length > 0) parts.push('By group:', groupTable(grouped));
  if (summary.rows.length > 0) parts.push('Hybrid, NDCG@10 (paired bootstrap: 95 % interval, p = share of resamples not better):', summaryTable(summary));
  if (against_record.length > 0) parts.push('Hybrid against eval/last.json:', recordTable(against_record));
  for (const { name, absent } of skipped) parts.push(`skipped ${name}: ${absent}`);
  return `${parts.join('\n\n')}\n`;
}

function figureCells({ ndcg, mrr, r5, r10, any, all }, evidence) {
  return [...[ndcg, mrr, r5, r10].map(number), evidence ? number(any) : '', evidence ? number(all) : ''];
}

function legTable(results) {
  const rows = results.flatMap((s) => Object.entries(s.legs).map(([leg, { means }], i) =>
    [i === 0 ? s.name : '', i === 0 ? s.n : '', i === 0 ? s.chunks : '', leg, ...figureCells(means, s.evidence)]));
  return table(['set', 'n', 'chunks', 'leg', 'NDCG@10', 'MRR@10', 'R@5', 'R@10', 'any R@10', 'all R@10'], rows);
}

function groupTable(results) {
  const rows = results.flatMap((s) => s.groups.flatMap(({ group, n, legs }) => Object.entries(legs).map(([leg, means], i) =>
    [i === 0 ? s.name : '', i === 0 ? group : '', i === 0 ? n : '', leg, ...figureCells(means, s.evidence)])));
  return table(['set', 'group', 'n', 'leg', 'NDCG@10', 'MRR@10', 'R@5', 'R@10', 'any R@10', 'all R@10'], rows);
}

const interval = (b) => (b ? `${signed(b.difference)} [${signed(b.low)}, ${signed(b.high)}] p ${number(b.not_better)}` : '');

function summaryTable({ rows, mean }) {
  const cells = rows.map((r) => [r.set, number(r.hybrid), `${r.better_leg} ${number(r.leg)}`, interval(r.against_leg), number(r.minmax), interval(r.against_minmax)]);
  const last = ['mean of sets', number(mean.hybrid), number(mean.leg), mean.leg === null ? '' : signed(mean.hybrid - mean.leg), number(mean.minmax), mean.minmax === null ? '' : signed(mean.hybrid - mean.minmax)];
  return table(['set', 'hybrid', 'better leg', 'hybrid - leg', 'minmax.5', 'hybrid - minmax.5'], [...cells, last]);
}

function recordTable(rows) {
  return table(['set', 'n', 'difference', 'not better', 'notes'],
    rows.map((r) => [r.set, r.n, `${signed(r.difference)} [${signed(r.low)}, ${signed(r.high)}]`, number(r.not_better), r.notes.join(', ')]));
}
