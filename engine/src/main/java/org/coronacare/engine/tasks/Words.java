package org.coronacare.engine.tasks;

import java.util.LinkedHashMap;
import java.util.Map;

/** Codes of process variables (processes/variables.py) in words for staff. */
final class Words {

  static final Map<String, String> LANGUAGES = Map.of("en", "English", "fr", "French", "ar", "Arabic");
  static final Map<String, String> ORIENTATIONS =
      Map.of(
          "under_15", "under 15",
          "emergency", "emergency",
          "evaluation_advised", "evaluation advised",
          "evaluation_needed", "evaluation needed",
          "evaluation_needed_at_risk", "evaluation needed",
          "evaluation_urgent", "evaluation urgent",
          "self_monitor", "no symptoms");
  static final Map<String, String> TEMPERATURES =
      Map.of(
          "below_35_5", "below 35.5 °C",
          "from_35_5_to_37_7", "35.5 to 37.7 °C",
          "from_37_8_to_38_9", "37.8 to 38.9 °C",
          "at_least_39", "39 °C or more",
          "unknown", "felt feverish, not measured",
          "no_fever", "no fever");
  static final Map<String, String> SYMPTOMS =
      ordered(
          "breathless", "breathless",
          "unable_to_eat_or_drink", "can't eat or drink",
          "bedridden_half_day", "in bed half the day",
          "cough", "cough",
          "sore_throat_or_aches", "sore throat or aches",
          "loss_of_taste_or_smell", "loss of taste or smell",
          "diarrhea", "diarrhoea",
          "fatigue", "tiredness");
  static final Map<String, String> ILLNESSES =
      ordered(
          "diabetes", "diabetes",
          "cancer", "cancer",
          "lung_disease", "lung disease",
          "kidney_dialysis", "dialysis",
          "cirrhosis", "cirrhosis",
          "third_trimester", "last 3 months of pregnancy",
          "sickle_cell", "sickle cell disease");
  static final Map<String, String> FEELINGS = Map.of("better", "feels better", "same", "feels the same", "worse", "feels worse");
  static final Map<String, String> PREGNANCY = Map.of("yes", "pregnant", "no", "not pregnant", "unknown", "not known");
  static final Map<String, String> LIVES =
      Map.of(
          "alone", "alone",
          "family", "with family",
          "shared", "shared flat",
          "closed_setting", "dormitory, care home, shelter or prison");
  static final Map<String, String> WORKS =
      Map.of(
          "health_or_care", "health or social care",
          "closed_setting", "dormitory, care home, shelter or prison",
          "school", "school, college or university",
          "other", "somewhere else",
          "none", "doesn't work or study");
  static final Map<String, String> RESULTS =
      Map.of(
          "positive", "positive",
          "negative", "negative",
          "inconclusive", "inconclusive",
          "unsatisfactory", "unsatisfactory sample",
          "indeterminate", "no sample gave a result",
          "entered_in_error", "withdrawn by the laboratory");

  private Words() {}

  /** The priority of a user task, which the decision testing_priority sets and waiting raises. */
  static String priority(int priority) {
    if (priority >= 90) {
      return "urgent";
    }
    if (priority >= 60) {
      return "high";
    }
    return priority >= 40 ? "normal" : "low";
  }

  private static Map<String, String> ordered(String... codesAndWords) {
    var words = new LinkedHashMap<String, String>();
    for (int i = 0; i < codesAndWords.length; i += 2) {
      words.put(codesAndWords[i], codesAndWords[i + 1]);
    }
    return words;
  }
}
