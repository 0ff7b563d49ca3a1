// Answers a form in form-js as a person does: the visible fields, then those that became visible, until none is new.
// Frames and timers without a delay are replaced by tasks of a MessageChannel, so that preact renders without waiting.
const nextTurn = callback => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => callback();
  channel.port2.postMessage(null);
};
const later = window.setTimeout;
window.requestAnimationFrame = callback => { nextTurn(callback); return 0; };
window.setTimeout = (callback, delay, ...more) => delay ? later(callback, delay, ...more) : nextTurn(callback);

const waitUntilRendered = async () => {
  for (let turn = 0; turn < 6; turn++) await new Promise(nextTurn);
};

// hidden, to save the time for painting
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
  await waitUntilRendered();
  element.dispatchEvent(new FocusEvent('blur'));
};

// components of numbers, dates and times have their own state, so their values must be typed
const isTyped = ({ id }) => ['number', 'datetime'].includes(form.get('formFieldRegistry').get(id).type);

const answer = async (instance, typed) => {
  const field = form.get('formFieldRegistry').get(instance.id);
  if (field.type === 'number') {
    await type(input(instance), typed ?? '');
  } else if (field.type === 'datetime' && typed) {
    const [day, time] = field.subtype === 'time' ? [null, typed] : typed.split('T');
    if (day) input(instance, '-date')._flatpickr.setDate(day, true, 'Y-m-d');
    await waitUntilRendered();
    if (time) await type(input(instance, '-time'), time);
  } else {
    form._update({ fieldInstance: instance, value: typed });
  }
};

window.answerForm = async (schema, data, answers, rows) => {
  if (form) form.destroy();
  form = new FormViewer.Form({ container: document.body, debounce: false });
  await form.importSchema(schema, data);
  await waitUntilRendered();
  const registry = form.get('formFieldInstanceRegistry');
  const done = new Set();
  for (;;) {
    const open = registry.getAll().filter(({ instanceId }) => !done.has(instanceId));
    if (!open.length) break;
    for (const instance of open) {
      // an earlier answer may have hidden it
      if (isTyped(instance)) await waitUntilRendered();
      if (!registry.getAll().some(({ instanceId }) => instanceId === instance.instanceId)) continue;
      done.add(instance.instanceId);
      if (instance.instanceId in rows) setRows(instance, rows[instance.instanceId]);
      if (instance.instanceId in answers) await answer(instance, answers[instance.instanceId]);
    }
    await waitUntilRendered();
  }
  const { data: submitted, errors } = form.submit();
  const visible = registry.getAll().map(({ instanceId }) => instanceId);
  return JSON.parse(JSON.stringify({ visible, errors, submitted }));
};

// Changes the answer of a field; returns the data that is submitted then.
window.changeAnswer = async (id, typed) => {
  await answer(form.get('formFieldInstanceRegistry').getAll().find(instance => instance.id === id), typed);
  await waitUntilRendered();
  return JSON.parse(JSON.stringify(form.submit().data));
};
