/** An engine with a simulated clock, for what-if simulations. The live engine never loads it: it is outside its component scan. */
package org.coronacare.simulation;
