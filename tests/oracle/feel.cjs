// Evaluates FEEL as form-js does. Input: lines of {"expression", "values"}; output: lines of [value, condition].
const readline = require('readline');
const { evaluate, unaryTest } = require('feelin');

// form-js uses null if feelin throws an error
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
