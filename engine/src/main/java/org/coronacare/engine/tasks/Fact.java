package org.coronacare.engine.tasks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.camunda.spin.json.SpinJsonNode;

/** What staff may need to know of a case for a task, each with its label and how it is put into words. */
enum Fact {
  ALERT("Now", Fact::alert),
  CASE("Case", CaseValues::reference),
  PATIENT("Patient", values -> join(", ", join(" ", values.text("given_name"), values.text("family_name")), years(values))),
  BORN("Date of birth", values -> values.day("date_of_birth")),
  CARER("Guardian or carer", values -> values.text("carer_name")),
  PHONE("Telephone", values -> join(", ", values.text("phone"), emergencyPhone(values))),
  EMAIL("E-mail", values -> values.text("email")),
  LANGUAGE("Language", values -> word(values, "language", Words.LANGUAGES)),
  ADDRESS("Address", values -> join(" – ", oneLine(values.text("address")), oneLine(values.text("building_access")))),
  VISIT("Visit", Fact::visit),
  CALL("Calls before", values -> values.number("call_number") > 1 ? String.valueOf(values.number("call_number") - 1) : null),
  PRIORITY("Priority", values -> Words.priority(values.priority())),
  ASSESSMENT(
      "Pre-screening",
      values -> join(", ", word(values, "orientation", Words.ORIENTATIONS), flag(values, "risk_factor", "risk factor"))),
  SYMPTOMS("Symptoms", values -> join(", ", word(values, "temperature", Words.TEMPERATURES), flags(values, Words.SYMPTOMS))),
  ONSET("Symptoms since", values -> values.day("onset_date")),
  ILLNESSES(
      "Illnesses",
      values ->
          join(
              ", ",
              answered(values, "heart_disease", "heart or circulation"),
              answered(values, "weakened_immunity", "weakened immune system"),
              flags(values, Words.ILLNESSES))),
  PREGNANCY("Pregnancy", values -> word(values, "pregnancy", Words.PREGNANCY)),
  VACCINATION(
      "Vaccination",
      values -> values.text("vaccination_doses") == null ? null : join(", ", doses(values), values.day("last_vaccination_date"))),
  MEDICATION("Medicines", values -> oneLine(values.text("medication"))),
  ALLERGIES("Allergies", values -> oneLine(values.text("allergies"))),
  LIVES("Lives", values -> word(values, "lives", Words.LIVES)),
  WORKS("Works or studies", values -> word(values, "works_in", Words.WORKS)),
  REMARK("The patient adds", values -> oneLine(values.text("anything_else"))),
  MEASURED(
      "Measured at the visit",
      values ->
          join(
              ", ",
              measured(values, "body_temperature_c", "%s °C"),
              measured(values, "oxygen_saturation", "oxygen saturation %s %%"),
              measured(values, "respiratory_rate", "%s breaths a minute"))),
  DAY("Today", Fact::today),
  COURSE("Oxygen at home, by day", Fact::oxygen, Fact::days),
  VISIT_NOTE("Note of the medical team", values -> oneLine(values.text("visit_note"))),
  RESULT("Result", values -> join(", ", word(values, "lab_result", Words.RESULTS), correction(values))),
  SAMPLES("Samples", Fact::samples),
  NOTIFIED("Patient notified", values -> values.time("result_told_at")),
  REPORTS("Earlier reports", values -> oneLine(values.text("earlier_reports"))),
  MESSAGE("What to say", values -> oneLine(values.text("notice_text"))),
  CONTACT("Contact", values -> values.text("contact_name")),
  CONTACT_PHONE("Telephone", values -> values.text("contact_phone")),
  CONTACT_LANGUAGE("Language", values -> word(values, "contact_language", Words.LANGUAGES)),
  EXPOSED("Last close to the case", values -> values.day("contact_last_exposure")),
  QUARANTINE("Quarantine until", values -> values.day("contact_last_exposure", values.policy("quarantine_days")));

  // of a chart of oxygen saturations, from BAR_FROM % on, each 2 % higher than the one before
  private static final String BARS = "▁▂▃▄▅▆▇█";
  private static final int BAR_FROM = 86;
  // an entry of the process variable results_so_far (processes/corona_care.bpmn)
  private static final Pattern SAMPLE = Pattern.compile("Sample (\\d+), (\\S+), taken (\\S+): ([\\w ]+);");

  private final String label;
  private final Function<CaseValues, String> words;
  private final Function<CaseValues, Map<String, String>> details;

  Fact(String label, Function<CaseValues, String> words) {
    this(label, words, values -> Map.of());
  }

  Fact(String label, Function<CaseValues, String> words, Function<CaseValues, Map<String, String>> details) {
    this.label = label;
    this.words = words;
    this.details = details;
  }

  String label() {
    return label;
  }

  /** The fact in words; null if the case doesn't have it. */
  String describe(CaseValues values) {
    return words.apply(values);
  }

  /** Rows that follow the fact in a form, by label, in their order. */
  Map<String, String> details(CaseValues values) {
    return details.apply(values);
  }

  private static String alert(CaseValues values) {
    if ("red".equals(values.text("day_status"))) {
      return "EMERGENCY: today's report from home is red";
    }
    var now = values.text("orientation_now");
    if ("emergency".equals(now)) {
      return "EMERGENCY: the patient feels worse";
    }
    return now == null ? null : "Feels worse: " + word(values, "orientation_now", Words.ORIENTATIONS);
  }

  private static String years(CaseValues values) {
    return values.age() == null ? null : values.age() + " years";
  }

  private static String emergencyPhone(CaseValues values) {
    var phone = values.text("emergency_phone");
    return phone == null || phone.equals(values.text("phone")) ? null : "in an emergency " + phone;
  }

  private static String visit(CaseValues values) {
    var number = values.number("visit_number");
    var due = values.time("visit_due_at");
    return join(", ", due == null ? null : "by " + due, number > 1 ? "visit " + number + ": no one was at home before" : null);
  }

  /** Today's report from home, before it is in the diary; null if there is none. */
  private static String today(CaseValues values) {
    if (values.text("day_status") == null) {
      return null;
    }
    return join(
        ", ",
        values.text("day_status"),
        word(values, "feeling", Words.FEELINGS),
        flag(values, "breathless", "breathless"),
        flag(values, "unable_to_eat_or_drink", "can't eat or drink"),
        measured(values, "body_temperature_c", values.get("day_temperature_c"), "%s °C"),
        "yes".equals(values.text("fever_medicine")) ? "medicine against fever" : null,
        measured(values, "oxygen_saturation", values.get("spo2"), "oxygen saturation %s %%"),
        measured(values, "pulse", values.get("pulse"), "pulse %s"),
        oneLine(values.text("day_note")));
  }

  /** What was reported on each day at home, by day, the newest first. */
  private static Map<String, String> days(CaseValues values) {
    var days = new ArrayList<>(diary(values));
    Collections.reverse(days);
    var rows = new LinkedHashMap<String, String>();
    days.forEach(day -> rows.put(values.dayOf(day.prop("day").stringValue()), describe(values, day)));
    return rows;
  }

  /** The days of the diary (workers/diary.py), the oldest first. */
  private static List<SpinJsonNode> diary(CaseValues values) {
    return values.get("diary") instanceof SpinJsonNode diary && diary.isArray() ? diary.elements() : List.of();
  }

  /** The oxygen saturations of the days at home and of today, the oldest first, with a chart; null with fewer than two. */
  private static String oxygen(CaseValues values) {
    var measured =
        Stream.concat(diary(values).stream().map(day -> of(day, "spo2")), Stream.ofNullable(values.get("spo2")))
            .filter(Objects::nonNull)
            .map(value -> ((Number) value).intValue())
            .toList();
    if (measured.size() < 2) {
      return null;
    }
    var bars = measured.stream().map(Fact::bar).collect(Collectors.joining());
    return "%s %s %%".formatted(bars, measured.stream().map(String::valueOf).collect(Collectors.joining(", ")));
  }

  private static String bar(int spo2) {
    var height = Math.max(0, Math.min((spo2 - BAR_FROM) / 2, BARS.length() - 1));
    return BARS.substring(height, height + 1);
  }

  private static String describe(CaseValues values, SpinJsonNode day) {
    var text =
        join(
            ", ",
            (String) of(day, "status"),
            (String) of(day, "feeling"),
            measured(values, "body_temperature_c", of(day, "day_temperature_c"), "%s °C"),
            "yes".equals(of(day, "fever_medicine")) ? "medicine against fever" : null,
            measured(values, "oxygen_saturation", of(day, "spo2"), "oxygen saturation %s %%"),
            measured(values, "pulse", of(day, "pulse"), "pulse %s"),
            (String) of(day, "day_note"));
    return text == null ? "no report" : oneLine(text);
  }

  /** A value of a day; null if it is missing. */
  private static Object of(SpinJsonNode day, String name) {
    return !day.hasProp(name) || day.prop(name).isNull() ? null : day.prop(name).value();
  }

  private static String doses(CaseValues values) {
    var doses = values.number("vaccination_doses");
    return doses == 0 ? "not vaccinated" : doses + (doses == 1 ? " dose" : " doses");
  }

  private static String correction(CaseValues values) {
    return values.number("correction_number") > 0 ? "corrected by the laboratory" : null;
  }

  private static String samples(CaseValues values) {
    var text = values.text("results_so_far");
    if (text == null) {
      return null;
    }
    return SAMPLE
        .matcher(text)
        .results()
        .map(found -> "%s (%s), taken %s: %s".formatted(
            found.group(1), found.group(2), values.format(found.group(3)), Words.RESULTS.getOrDefault(found.group(4), found.group(4))))
        .collect(Collectors.joining("; "));
  }

  /** The words for a variable's code; null if it is missing. */
  private static String word(CaseValues values, String name, Map<String, String> words) {
    var code = values.text(name);
    return code == null ? null : words.getOrDefault(code, code);
  }

  /** The words for an answer of yes, no or unknown; null for no. */
  private static String answered(CaseValues values, String name, String words) {
    return switch (String.valueOf(values.get(name))) {
      case "yes" -> words;
      case "unknown" -> words + " not known";
      default -> null;
    };
  }

  private static String measured(CaseValues values, String sign, String format) {
    return measured(values, sign, values.get(sign), format);
  }

  /** A vital sign in words, marked if it is out of range; null if it wasn't measured. */
  private static String measured(CaseValues values, String sign, Object value, String format) {
    if (value == null) {
      return null;
    }
    var mark = values.outOfRange(sign, value);
    return format.formatted(value) + (mark == null ? "" : " (%s)".formatted(mark.toUpperCase(Locale.ROOT)));
  }

  private static String flag(CaseValues values, String name, String words) {
    return values.isTrue(name) ? words : null;
  }

  private static String flags(CaseValues values, Map<String, String> words) {
    return join(", ", words.entrySet().stream().map(each -> flag(values, each.getKey(), each.getValue())).toArray(String[]::new));
  }

  private static String oneLine(String text) {
    return text == null ? null : text.replaceAll("\\s+", " ");
  }

  /** The texts that there are, joined; null if there is none. */
  private static String join(String separator, String... texts) {
    var joined = Stream.of(texts).filter(Objects::nonNull).collect(Collectors.joining(separator));
    return joined.isEmpty() ? null : joined;
  }
}
