package org.coronacare.engine.tasks;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Date;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.camunda.bpm.engine.impl.util.ClockUtil;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Calendar days in the time zone of patients and staff (setting webapp.time_zone). The JVM runs in UTC, because Camunda stores points in
 * time without a zone. Expressions in diagrams and filters call it as {@code ${calendar.age(date_of_birth)}}.
 */
@Component("calendar")
public class PatientCalendar {

  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.UK);
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("EEEE d MMMM, HH:mm", Locale.UK);

  private final ZoneId zone;

  public PatientCalendar(@Value("${coronacare.time-zone}") String zone) {
    this.zone = ZoneId.of(zone);
  }

  /** The engine's time, which a simulation sets. */
  public ZonedDateTime now() {
    return ClockUtil.getCurrentTime().toInstant().atZone(zone);
  }

  public LocalDate today() {
    return now().toLocalDate();
  }

  /** The calendar day of a point in time. */
  public LocalDate dayOf(ZonedDateTime moment) {
    return moment.withZoneSameInstant(zone).toLocalDate();
  }

  /** Midnight at the end of today. */
  public Date endOfToday() {
    return Date.from(today().plusDays(1).atStartOfDay(zone).toInstant());
  }

  /** The next point in time at which clocks show this hour (HH:mm); one that their change skips comes an hour later. */
  public Date next(String hour) {
    return next(hour, now());
  }

  /**
   * The next point in time at which clocks show this hour (HH:mm), and up to some minutes later: timers of many cases with the same
   * hour don't become due at once.
   */
  public Date next(String hour, int spreadMinutes) {
    var delay = Duration.ofMinutes(spreadMinutes).multipliedBy(random().nextInt(1000)).dividedBy(1000);
    return Date.from(next(hour).toInstant().plus(delay));
  }

  protected RandomGenerator random() {
    return ThreadLocalRandom.current();
  }

  Date next(String hour, ZonedDateTime now) {
    var today = now.withZoneSameInstant(zone).toLocalDate().atTime(LocalTime.parse(hour)).atZone(zone);
    var next = today.isAfter(now) ? today : today.toLocalDate().plusDays(1).atTime(LocalTime.parse(hour)).atZone(zone);
    return Date.from(next.toInstant());
  }

  /** A calendar day in words: {@code 27 November 2026}. */
  public String format(LocalDate day) {
    return DAY.format(day);
  }

  /** A point in time in words: {@code Friday 27 November, 14:30}. */
  public String format(Date moment) {
    return TIME.format(moment.toInstant().atZone(zone));
  }

  /** Completed years since a date of birth (YYYY-MM-DD); null if it isn't a date, or is in the future. */
  public Integer age(Object dateOfBirth) {
    try {
      var birth = LocalDate.parse(String.valueOf(dateOfBirth));
      return birth.isAfter(today()) ? null : Period.between(birth, today()).getYears();
    } catch (DateTimeException e) {
      return null;
    }
  }
}
