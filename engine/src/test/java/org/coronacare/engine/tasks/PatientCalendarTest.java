package org.coronacare.engine.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.Date;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatientCalendarTest {

  private static final LocalDate TODAY = LocalDate.of(2024, 2, 29);
  private static final Map<String, Object> ANSWERS = Map.of("date_of_birth", "1990-05-10", "no_day", "soon");

  @ParameterizedTest
  @ValueSource(strings = {"UTC", "Pacific/Kiritimati", "Asia/Kolkata", "America/Los_Angeles"})
  void todayIsInTheTimeZoneOfPatients(String zone) {
    var calendar = new PatientCalendar(zone);
    assertEquals(LocalDate.now(ZoneId.of(zone)), calendar.today());
    assertEquals(0, calendar.age(calendar.today().toString()));
    assertNull(calendar.age(calendar.today().plusDays(1).toString()));
    assertTrue(calendar.endOfToday().toInstant().isAfter(calendar.now().toInstant()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "2020-02-31", "null", "1990-05-10T00:00"})
  void anInvalidDateOfBirthHasNoAge(String text) {
    assertNull(new PatientCalendar("UTC").age(text));
  }

  @ParameterizedTest
  @CsvSource({
    // winter time begins at 3:00 on 25 October: 9:00 comes 25 h after 9:00
    "2026-10-24T09:00+02:00, 09:00, 2026-10-25T09:00+01:00",
    "2026-10-24T08:59+02:00, 09:00, 2026-10-24T09:00+02:00",
    // summer time begins at 2:00 on 29 March: 9:00 comes 23 h after 9:00, and 2:30 an hour later
    "2026-03-28T09:00+01:00, 09:00, 2026-03-29T09:00+02:00",
    "2026-03-29T00:00+01:00, 02:30, 2026-03-29T03:30+02:00",
  })
  void theHourIsThatOfTheClocksOfPatients(String now, String hour, String next) {
    var calendar = new PatientCalendar("Europe/Berlin");
    assertEquals(Date.from(OffsetDateTime.parse(next).toInstant()), calendar.next(hour, OffsetDateTime.parse(now).toZonedDateTime()));
  }

  @Test
  void timersWithTheSameHourAreSpread() {
    var calendar = new PatientCalendar("Europe/Berlin");
    var hour = calendar.next("09:00").toInstant();
    var delays = IntStream.range(0, 1000).mapToObj(i -> Duration.between(hour, calendar.next("09:00", 20).toInstant())).toList();
    assertTrue(delays.stream().allMatch(delay -> !delay.isNegative() && delay.compareTo(Duration.ofMinutes(20)) < 0));
    assertEquals(20, delays.stream().map(Duration::toMinutes).distinct().count());
  }

  @Test
  void limitsAreParsedLikeThoseOfThePages() {
    assertEquals(TODAY, day("today"));
    assertEquals(LocalDate.of(2024, 2, 15), day("today - 14 days"));
    assertEquals(LocalDate.of(1894, 2, 28), day("today - 130 years"));
    assertEquals(LocalDate.of(2020, 3, 1), day("2020-03-01"));
    assertEquals(LocalDate.of(1990, 5, 11), day("date_of_birth + 1 days"));
    assertNull(day("onset_date"));
    assertNull(day("no_day"));
    assertThrows(IllegalArgumentException.class, () -> day("today - 3 weeks"));
  }

  private static LocalDate day(String limit) {
    return DayLimit.parse(limit).day(TODAY, ANSWERS::get);
  }
}
