/** Keeps patients' data out of incidents and the job log, and records who of the staff has read a case. */
package org.coronacare.engine.privacy;
