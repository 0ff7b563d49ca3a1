// Evaluates FEEL as form-js does. In: lines of {"expression", "values"}; out: lines of [value, condition].
const readline = require('readline');
const { evaluate, unaryTest } = require('feelin');

// form-js takes null where feelin throws
const orNull = (run, expression, values) => {
  try {
    const result = run(expression, values);
    return result === undefined ? null : result;
  } catch (error) {
    return null;
  }
};

readline.createInterface({ input: process.stdin }).on('line', line => {
  const { expression, values } = JSON.parse(line);
  console.log(JSON.stringify([orNull(evaluate, expression, values), orNull(unaryTest, expression, values)]));
});
