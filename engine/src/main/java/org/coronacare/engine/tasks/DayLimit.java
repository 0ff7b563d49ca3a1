package org.coronacare.engine.tasks;

import java.time.LocalDate;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One limit of a date field, as forms declare it in the properties notBefore and notAfter: {@code today}, {@code today - 130 years},
 * {@code 2020-03-01}, or another answer, {@code date_of_birth}. camunda7/inputs/days.py parses the same for the patients' pages.
 */
record DayLimit(String base, int days, int years) {

  private static final Pattern FORM = Pattern.compile("([\\w-]+)(?: ([+-]) (\\d{1,5}) (days|years))?");
  private static final String TODAY = "today";

  static DayLimit parse(String text) {
    var form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException("not a limit of a date: " + text);
    }
    if (form.group(2) == null) {
      return new DayLimit(form.group(1), 0, 0);
    }
    int count = Integer.parseInt(form.group(3)) * (form.group(2).equals("-") ? -1 : 1);
    return form.group(4).equals("days") ? new DayLimit(form.group(1), count, 0) : new DayLimit(form.group(1), 0, count);
  }

  boolean isToday() {
    return base.equals(TODAY) && days == 0 && years == 0;
  }

  /** The day; null if it depends on an answer that is missing. */
  LocalDate day(LocalDate today, Function<String, Object> answers) {
    var start = start(today, answers);
    return start == null ? null : start.plusYears(years).plusDays(days);
  }

  private LocalDate start(LocalDate today, Function<String, Object> answers) {
    if (base.equals(TODAY)) {
      return today;
    }
    if (Character.isDigit(base.charAt(0))) {
      return LocalDate.parse(base);
    }
    return answers.apply(base) instanceof String text && text.matches("\\d{4}-\\d{2}-\\d{2}") ? LocalDate.parse(text) : null;
  }
}
