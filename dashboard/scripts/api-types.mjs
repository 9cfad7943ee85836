// Writes src/api/schema.ts, the types of the native API, from the server's OpenAPI document. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../../docs/openapi.json', import.meta.url);
const target = new URL('../src/api/schema.ts', import.meta.url);

export function generate(document) {
  const schemas = document.components.schemas;
  const types = Object.keys(schemas)
    .sort()
    .map((name) => declare(name, schemas[name]));
  const paths = Object.keys(document.paths).map((path) => `  | '${path}'`);
  return `// Made from docs/openapi.json by \`npm run api\`; not edited by hand.\n\n/** Every path of the API. */\nexport type Path =\n${paths.join('\n')};\n\n${types.join('\n')}`;
}

function declare(name, schema) {
  const comment = schema.description ? `/** ${schema.description.replace(/\s+/g, ' ')} */\n` : '';
  if (schema.type !== 'object' || !schema.properties) return `${comment}export type ${name} = ${type(schema)};\n`;
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(([field, value]) => `  ${field}${required.has(field) ? '' : '?'}: ${type(value)};\n`);
  return `${comment}export interface ${name} {\n${fields.join('')}}\n`;
}

function type(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value).replaceAll('"', "'")).join(' | ');
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return union.map(type).join(' | ');
  const kinds = [schema.type ?? 'unknown'].flat();
  return kinds.map((kind) => plain(kind, schema)).join(' | ');
}

function plain(kind, schema) {
  switch (kind) {
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return kind;
    case 'array':
      return `(${type(schema.items)})[]`;
    case 'object':
      return schema.additionalProperties ? `Record<string, ${type(schema.additionalProperties)}>` : 'Record<string, unknown>';
    default:
      return 'unknown';
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const made = generate(JSON.parse(readFileSync(source, 'utf8')));
  if (!process.argv.includes('--check')) writeFileSync(target, made);
  else if (readFileSync(target, 'utf8') !== made) {
    console.error('src/api/schema.ts does not fit docs/openapi.json: run `npm run api`.');
    process.exit(1);
  }
}
