/** Does what Camunda does with fewer statements and less CPU; bench/statements.py and docs/measurements/ measure it. */
package org.coronacare.engine.tuning;
