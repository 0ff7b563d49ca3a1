// Answers a form in form-js as a person does: what is visible first, then what that made visible, until nothing is new.
// Nothing waits for a frame or a timer: preact draws, and runs its effects, in the browser's next turns.
const nextTurn = callback => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => callback();
  channel.port2.postMessage(null);
};
const later = window.setTimeout;
window.requestAnimationFrame = callback => { nextTurn(callback); return 0; };
window.setTimeout = (callback, delay, ...more) => delay ? later(callback, delay, ...more) : nextTurn(callback);

const settled = async () => {
  for (let turn = 0; turn < 6; turn++) await new Promise(nextTurn);
};

// nobody looks: what isn't shown isn't painted
document.documentElement.style.display = 'none';

let form;

const setRows = (instance, count) => {
  const field = form.get('formFieldRegistry').get(instance.id);
  const rows = instance.valuePath.reduce((value, step) => value && value[step], form._getState().data) || [];
  const changed = rows.slice(0, count);
  while (changed.length < count) {
    changed.push(form._getInitializedFieldData(form._getState().data, {
      container: field, indexes: { ...instance.indexes, [field.id]: changed.length }
    }));
  }
  if (changed.length !== rows.length) {
    form._update({ fieldInstance: instance, value: changed });
  }
};

const input = ({ id, indexes }, suffix = '') => {
  const rows = Object.values(indexes || {}).map(index => `_${index}`).join('');
  return document.querySelector(`input[id$="-${id}${rows}${suffix}"]`);
};

const type = async (element, text) => {
  element.value = text;
  element.dispatchEvent(new Event('input', { bubbles: true }));
  await settled();
  element.dispatchEvent(new FocusEvent('blur'));
};

// numbers, days and times have components that keep copies of their own: they must be typed
const isTyped = ({ id }) => ['number', 'datetime'].includes(form.get('formFieldRegistry').get(id).type);

const answer = async (instance, typed) => {
  const field = form.get('formFieldRegistry').get(instance.id);
  if (field.type === 'number') {
    await type(input(instance), typed ?? '');
  } else if (field.type === 'datetime' && typed) {
    const [day, time] = field.subtype === 'time' ? [null, typed] : typed.split('T');
    if (day) input(instance, '-date')._flatpickr.setDate(day, true, 'Y-m-d');
    await settled();
    if (time) await type(input(instance, '-time'), time);
  } else {
    form._update({ fieldInstance: instance, value: typed });
  }
};

window.answered = async (schema, data, answers, rows) => {
  if (form) form.destroy();
  form = new FormViewer.Form({ container: document.body, debounce: false });
  await form.importSchema(schema, data);
  await settled();
  const registry = form.get('formFieldInstanceRegistry');
  const done = new Set();
  for (;;) {
    const open = registry.getAll().filter(({ instanceId }) => !done.has(instanceId));
    if (!open.length) break;
    for (const instance of open) {
      // an answer before may have hidden it
      if (isTyped(instance)) await settled();
      if (!registry.getAll().some(({ instanceId }) => instanceId === instance.instanceId)) continue;
      done.add(instance.instanceId);
      if (instance.instanceId in rows) setRows(instance, rows[instance.instanceId]);
      if (instance.instanceId in answers) await answer(instance, answers[instance.instanceId]);
    }
    await settled();
  }
  const { data: submitted, errors } = form.submit();
  const visible = registry.getAll().map(({ instanceId }) => instanceId);
  return JSON.parse(JSON.stringify({ visible, errors, submitted }));
};

// Answers one field of the form anew; gives what is submitted then.
window.changed = async (id, typed) => {
  await answer(form.get('formFieldInstanceRegistry').getAll().find(instance => instance.id === id), typed);
  await settled();
  return JSON.parse(JSON.stringify(form.submit().data));
};
