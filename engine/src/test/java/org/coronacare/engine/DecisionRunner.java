package org.coronacare.engine;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.camunda.bpm.dmn.engine.DmnDecision;
import org.camunda.bpm.dmn.engine.DmnEngine;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.coronacare.engine.tasks.PatientCalendar;
import org.coronacare.engine.tuning.CachedFeelEngine;

/**
 * Evaluates a decision by the platform's DMN engine, without a process engine, a database and HTTP: thousands of times in
 * seconds. {@code DecisionRunner FILE KEY} reads inputs as JSON objects, one per line, and writes the results as JSON lists.
 */
public final class DecisionRunner {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> INPUTS = new TypeReference<>() {};

  private DecisionRunner() {}

  public static void main(String[] arguments) throws IOException {
    DmnEngine engine = engine();
    DmnDecision decision = engine.parseDecision(arguments[1], Files.newInputStream(Path.of(arguments[0])));
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      var result = engine.evaluateDecision(decision, JSON.readValue(line, INPUTS));
      System.out.println(JSON.writeValueAsString(result.getResultList()));
    }
  }

  private static DmnEngine engine() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    new CachedFeelEngine(new PatientCalendar("UTC")).preInit(configuration);
    return configuration.getDmnEngineConfiguration().buildEngine();
  }
}
