package org.coronacare.engine.tasks;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Date;
import org.camunda.bpm.engine.delegate.DelegateExecution;
import org.camunda.bpm.engine.delegate.DelegateTask;
import org.camunda.spin.json.SpinJsonNode;

/** Variables of a task's case: those that the task sees, else those of the processes that called its process. */
final class CaseValues {

  private static final String NORMAL = "normal_vital_signs";

  private final DelegateTask task;
  private final PatientCalendar calendar;

  CaseValues(DelegateTask task, PatientCalendar calendar) {
    this.task = task;
    this.calendar = calendar;
  }

  Object get(String name) {
    var value = task.getVariable(name);
    DelegateExecution caller = task.getExecution();
    while (value == null && caller != null) {
      caller = caller.getProcessInstance().getSuperExecution();
      value = caller == null ? null : caller.getVariable(name);
    }
    return value;
  }

  /** A value as text; null if it is missing or empty. */
  String text(String name) {
    var value = get(name);
    return value == null || value.toString().isBlank() ? null : value.toString().strip();
  }

  boolean isTrue(String name) {
    return Boolean.TRUE.equals(get(name));
  }

  /** A whole number; 0 if it is missing. */
  int number(String name) {
    return get(name) instanceof Number number ? number.intValue() : 0;
  }

  /** A calendar day (YYYY-MM-DD) in words; null if it is missing or isn't a day. */
  String day(String name) {
    return day(name, 0);
  }

  /** The calendar day of a variable plus a number of days, in words; null if it is missing. */
  String day(String name, int later) {
    try {
      return calendar.format(LocalDate.parse(String.valueOf(get(name))).plusDays(later));
    } catch (DateTimeException e) {
      return null;
    }
  }

  /** A calendar day (YYYY-MM-DD) in words. */
  String dayOf(String day) {
    return calendar.format(LocalDate.parse(day));
  }

  /** A point in time in words, in the time zone of patients and staff; null if it is missing. */
  String time(String name) {
    return get(name) instanceof Date moment ? calendar.format(moment) : null;
  }

  /** An instant (ISO 8601) in words. */
  String format(String instant) {
    return calendar.format(Date.from(Instant.parse(instant)));
  }

  Integer age() {
    return calendar.age(get("date_of_birth"));
  }

  int policy(String name) {
    return get("policy") instanceof SpinJsonNode policy && policy.hasProp(name) ? policy.prop(name).numberValue().intValue() : 0;
  }

  /**
   * Whether a measured value is outside of policy.normal_vital_signs: "low" or "high", null if it isn't.
   *
   * @param sign name of the vital sign in the policy; one that it doesn't have is never marked
   */
  String outOfRange(String sign, Object value) {
    if (!(value instanceof Number number)
        || !(get("policy") instanceof SpinJsonNode policy)
        || !policy.hasProp(NORMAL)
        || !policy.prop(NORMAL).hasProp(sign)) {
      return null;
    }
    var limits = policy.prop(NORMAL).prop(sign).elements();
    if (number.doubleValue() < limits.get(0).numberValue().doubleValue()) {
      return "low";
    }
    return number.doubleValue() > limits.get(1).numberValue().doubleValue() ? "high" : null;
  }

  String reference() {
    return task.getExecution().getProcessBusinessKey();
  }

  int priority() {
    return task.getPriority();
  }
}
