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

/**
 * Says what the engine reads, without HTTP: thousands of timers and files in seconds. Reads JSON objects, one a line, each
 * of one property: {@code timeDuration}, {@code timeDate} or {@code timeCycle} with a timer's text, or {@code file} with the
 * path of a file to be deployed alone. Writes for each a JSON text: why it is refused, empty when it is taken.
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

  /** What it began with: the outermost exception of a decision says no more than that there is one. */
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
