/** What staff see of a case in a task, and calendar days: facts in words, limits of dates, the patients' time zone. */
package org.coronacare.engine.tasks;
