/** Resources of the REST API that Camunda doesn't have, and requests that take effect once. */
package org.coronacare.engine.rest;
