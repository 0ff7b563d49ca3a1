package org.coronacare.simulation;

import java.util.random.RandomGenerator;
import org.coronacare.engine.tasks.PatientCalendar;

/** The calendar of the diagrams, whose random delays come from a seeded generator: the same seed gives the same run. */
public final class SeededCalendar extends PatientCalendar {

  private final RandomGenerator random;

  SeededCalendar(String zone, RandomGenerator random) {
    super(zone);
    this.random = random;
  }

  @Override
  protected RandomGenerator random() {
    return random;
  }
}
