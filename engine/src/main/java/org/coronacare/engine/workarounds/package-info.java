/** Defects of Camunda 7.24, each with a test that fails without its class. A class goes when its defect is fixed upstream. */
package org.coronacare.engine.workarounds;
