// Fails the build when the first load, or any lazy chunk, outgrows its budget (gzip, 1 KB = 1024 B).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const ENTRY_KB = 290;
const CHUNK_KB = 60;
const dist = join(import.meta.dirname, '..', 'dist');
const html = readFileSync(join(dist, 'index.html'), 'utf8');

let entry = 0;
let failed = false;
for (const name of readdirSync(join(dist, 'assets')).sort()) {
  if (!/\.(js|css)$/.test(name)) continue;
  const kb = gzipSync(readFileSync(join(dist, 'assets', name)), { level: 9 }).length / 1024;
  const eager = html.includes(name);
  if (eager) entry += kb;
  if (!eager && kb > CHUNK_KB) failed = true;
  console.log(`${kb.toFixed(1).padStart(7)} KB gz  ${eager ? 'entry' : 'lazy '}  ${name}`);
}
if (entry > ENTRY_KB) failed = true;
console.log(`${entry.toFixed(1).padStart(7)} KB gz  entry in all (budget ${ENTRY_KB}, lazy chunk ${CHUNK_KB})`);
if (failed) {
  console.error('Over budget.');
  process.exit(1);
}
