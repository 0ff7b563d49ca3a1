package org.coronacare.engine;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.camunda.bpm.engine.RepositoryService;
import org.camunda.bpm.engine.impl.calendar.BusinessCalendar;
import org.camunda.bpm.engine.impl.calendar.CycleBusinessCalendar;
import org.camunda.bpm.engine.impl.calendar.DueDateBusinessCalendar;
import org.camunda.bpm.engine.impl.calendar.DurationBusinessCalendar;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.coronacare.engine.tasks.PatientCalendar;
import org.coronacare.engine.tuning.CachedFeelEngine;

/**
 * Checks what the engine accepts, without HTTP: thousands of timers and files in seconds. Reads JSON objects, one per line, each
 * with one property: {@code timeDuration}, {@code timeDate} or {@code timeCycle} with a timer's text, or {@code file} with the
 * path of a file to deploy alone. Writes for each a JSON string: the reason of the refusal, or empty if it is accepted.
 */
public final class ReadingRunner {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, String>> QUESTION = new TypeReference<>() {};
  private static final Map<String, BusinessCalendar> TIMERS =
      Map.of(
          "timeDuration", new DurationBusinessCalendar(),
          "timeDate", new DueDateBusinessCalendar(),
          "timeCycle", new CycleBusinessCalendar());

  private static RepositoryService repository;

  private ReadingRunner() {}

  public static void main(String[] arguments) throws IOException {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      for (var question : JSON.readValue(line, QUESTION).entrySet()) {
        System.out.println("= " + JSON.writeValueAsString(refusal(question.getKey(), question.getValue())));
      }
    }
  }

  private static String refusal(String kind, String value) throws IOException {
    byte[] content = kind.equals("file") ? Files.readAllBytes(Path.of(value)) : null;
    try {
      if (content == null) {
        TIMERS.get(kind).resolveDuedate(value);
      } else {
        String name = Path.of(value).getFileName().toString();
        var builder = repository().createDeployment().addInputStream(name, new ByteArrayInputStream(content));
        String deployed = builder.deploy().getId();
        repository().deleteDeployment(deployed, true);
      }
      return "";
    } catch (RuntimeException | StackOverflowError refused) {
      return refused.getClass().getSimpleName() + ": " + rootOf(refused).getMessage();
    }
  }

  /** Returns the root cause: the outermost exception of a decision has no details. */
  private static Throwable rootOf(Throwable refused) {
    return refused.getCause() == null ? refused : rootOf(refused.getCause());
  }

  private static RepositoryService repository() {
    if (repository == null) {
      var configuration = new StandaloneInMemProcessEngineConfiguration();
      new CachedFeelEngine(new PatientCalendar("UTC")).preInit(configuration);
      configuration.setJobExecutorActivate(false);
      configuration.setEnforceHistoryTimeToLive(false);
      repository = configuration.buildProcessEngine().getRepositoryService();
    }
    return repository;
  }
}
