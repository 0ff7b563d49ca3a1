/** Access to the engine's configuration and commands that several packages need, and names that forks of Camunda change. */
package org.coronacare.engine.support;
