// Lint the diagrams of a folder with bpmnlint; prints the findings as JSON: [{file, id, name, rule, message}, …]
const { readdirSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { BpmnModdle } = require('bpmn-moddle');
const Linter = require('bpmnlint/lib/linter');
const NodeResolver = require('bpmnlint/lib/resolver/node-resolver');

const ROOT = resolve(__dirname, '..');
const config = JSON.parse(readFileSync(join(ROOT, '.bpmnlintrc'), 'utf8'));

async function lintFile(folder, file, linter) {
  const read = await new BpmnModdle().fromXML(readFileSync(join(folder, file), 'utf8')).catch(error => ({ error }));
  if (read.error) return [{ file, id: '', name: '', rule: 'import', message: read.error.message }];
  const { rootElement, warnings } = read;
  const importWarnings = warnings.map(({ message }) => ({ rule: 'import', message }));
  const found = await linter.lint(rootElement);
  const reports = Object.entries(found).flatMap(([rule, each]) => each.map(report => ({ rule, ...report })));
  return [...importWarnings, ...reports].map(({ rule, id = '', name = '', message }) => ({ file, id, name, rule, message }));
}

async function main(folder) {
  const linter = new Linter({ config, resolver: new NodeResolver() });
  const files = readdirSync(folder).filter(name => name.endsWith('.bpmn')).sort();
  const found = await Promise.all(files.map(file => lintFile(folder, file, linter)));
  console.log(JSON.stringify(found.flat()));
}

main(process.argv[2]);
