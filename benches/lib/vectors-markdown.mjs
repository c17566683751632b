// The tables of the vector bench.
const us = (x) => (typeof x === 'number' ? x.toLocaleString('en', { maximumFractionDigits: x < 100 ? 1 : 0 }) : (x ?? '–'));
const row = (cells) => `| ${cells.join(' | ')} |`;

export function markdown({ machine, settings, data }) {
  const lines = [`${settings.n.toLocaleString('en')} vectors, k = ${settings.k}, ${settings.queries.toLocaleString('en')} held-out queries, median of ${settings.rounds} rounds; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.`, 'Times in us. `never`: the recall is not reached by the sweep. `–`: the engine has no such call.', ''];
  for (const [name, { dims, engines, targets }] of Object.entries(data)) {
    lines.push(`### ${name}, ${dims} dimensions`, '');
    const head = ['', 'p50 at .95', 'p50 at .98', 'p99 at .95', 'p99 at .98', 'many at .95', 'many at .98', 'full p50 at .95', 'at .98', '1 % filter', 'build, s', 'CPU, s', 'peak MB, build', 'peak MB, search', 'disk MB', 'open, ms'];
    lines.push(row(head), row(head.map(() => '---')));
    for (const [engine, e] of Object.entries(engines)) {
      const pair = (p) => [us(p?.['0.95']), us(p?.['0.98'])];
      lines.push(row([engine, ...pair(e.p50_us_at), ...pair(e.p99_us_at), ...pair(e.many_us_at), ...pair(e.full_p50_us_at), us(e.filter_1_percent?.p50_us), ...[e.build_s, e.build_cpu_s, e.build_peak_rss_mb, e.search_peak_rss_mb, e.disk_mb, e.open_ms].map(us)]));
    }
    const own = engines.fluorite?.default;
    if (own) lines.push('', `Fluorite with default settings: recall ${own.recall.toFixed(4)}, p50 ${us(own.p50_us)}, p99 ${us(own.p99_us)}, many ${us(own.many_us)}.`);
    if (targets) {
      lines.push('', row(['target', 'measured', 'most', 'met']), row(['---', '---', '---', '---']));
      for (const t of targets) lines.push(row([t.what, t.value, t.most, t.met ? 'yes' : 'no']));
    }
    lines.push('');
  }
  return lines.join('\n');
}
