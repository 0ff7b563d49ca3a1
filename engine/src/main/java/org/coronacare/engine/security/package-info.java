/** Closes what Camunda leaves open: authentication, permissions of the platform's own parts, headers, limits of requests. */
package org.coronacare.engine.security;
