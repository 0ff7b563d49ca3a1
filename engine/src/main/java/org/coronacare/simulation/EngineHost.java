package org.coronacare.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.engine.impl.util.ClockUtil;
import org.camunda.bpm.engine.variable.VariableMap;
import org.camunda.bpm.engine.variable.Variables;
import org.camunda.bpm.engine.variable.value.TypedValue;
import org.camunda.spin.plugin.variable.SpinValues;
import org.camunda.spin.plugin.variable.value.JsonValue;
import org.coronacare.engine.tuning.CachedFeelEngine;
import org.slf4j.LoggerFactory;

/**
 * An engine in memory, without a job executor, whose clock the caller sets: {@code simulation/engine_host.py}. Each line of the input
 * is a request in JSON, each line of the output its answer. The caller decides what happens when; the engine decides the route.
 */
public final class EngineHost {

  private static final String WORKER = "simulation";
  private static final long LOCK_MS = 60_000;

  private final ObjectMapper json = new ObjectMapper();
  private final EventRecorder recorder = new EventRecorder();
  private ProcessEngine engine;

  /** Variables that the caller wants to know of a new task, by its topic or element. */
  private Map<String, List<String>> reads = Map.of();

  /** Begins with an empty engine, as another process would; what the JVM has compiled stays. */
  private void start(String zone, long seed) {
    if (engine != null) {
      // with its tables
      engine.close();
    }
    recorder.drain();
    var calendar = new SeededCalendar(zone, new Random(seed));
    var ids = new AtomicLong();
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:simulation;DB_CLOSE_DELAY=-1;LOCK_MODE=0;ANALYZE_AUTO=0");
    configuration.setJobExecutorActivate(false);
    configuration.setMetricsEnabled(false);
    configuration.setTaskMetricsEnabled(false);
    configuration.setCmmnEnabled(false);
    configuration.setEnableExceptionsAfterUnhandledBpmnError(true);
    configuration.setDefaultSerializationFormat("application/json");
    configuration.setIdGenerator(() -> Long.toString(ids.incrementAndGet()));
    configuration.setCustomHistoryLevels(List.of(new EventRecorder.Level()));
    configuration.setHistory(EventRecorder.Level.NAME);
    configuration.setEnableDefaultDbHistoryEventHandler(false);
    configuration.setCustomHistoryEventHandlers(List.of(recorder));
    configuration.setBeans(Map.of("calendar", calendar, "facts", new NoCards()));
    configuration.getProcessEnginePlugins().add(new JsonVariables());
    configuration.getProcessEnginePlugins().add(new CachedFeelEngine(calendar));
    engine = configuration.buildProcessEngine();
    tuneQueries(configuration.getDataSource());
  }

  /** Has H2 find an execution's variables by its id: by default it scans all those without a task. */
  private static void tuneQueries(DataSource database) {
    try (var connection = database.getConnection(); var statement = connection.createStatement()) {
      statement.execute("ALTER TABLE ACT_RU_VARIABLE ALTER COLUMN TASK_ID_ SELECTIVITY 1");
      statement.execute("ALTER TABLE ACT_RU_VARIABLE ALTER COLUMN EXECUTION_ID_ SELECTIVITY 90");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  public static void main(String[] arguments) throws IOException {
    var answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    // the log must not mix with the answers
    System.setOut(System.err);
    var root = (ch.qos.logback.classic.Logger) LoggerFactory.getLogger("ROOT");
    root.setLevel(ch.qos.logback.classic.Level.OFF);
    var host = new EngineHost();
    var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      answers.println(host.json.writeValueAsString(host.answer(host.json.readTree(line))));
    }
  }

  private Map<String, Object> answer(JsonNode request) throws IOException {
    if (request.has("zone")) {
      start(request.get("zone").asText(), request.get("seed").asLong());
    }
    if (request.has("now")) {
      ClockUtil.setCurrentTime(new Date(request.get("now").asLong()));
    }
    if (request.has("reads")) {
      reads = json.convertValue(request.get("reads"), json.getTypeFactory().constructMapType(Map.class, String.class, List.class));
    }
    var events = new ArrayList<Map<String, Object>>();
    var failures = new ArrayList<String>();
    for (var command : request.path("commands")) {
      attempt(() -> execute(command), command.toString(), events, failures);
      executeImmediateJobs(events, failures);
    }
    return Map.of("events", events, "failures", failures);
  }

  /** Executes the asynchronous continuations of a command, which the job executor would execute at once. */
  private void executeImmediateJobs(List<Map<String, Object>> events, List<String> failures) {
    var jobs = new ArrayDeque<>(immediateJobs(events));
    while (!jobs.isEmpty()) {
      var created = new ArrayList<Map<String, Object>>();
      var job = jobs.poll();
      attempt(
          () -> engine.getManagementService().executeJob((String) job.get("id")), "after " + job.get("element"), created, failures);
      jobs.addAll(immediateJobs(created));
      events.addAll(created);
    }
    events.removeIf(event -> event.get("kind").equals("job-create") && event.get("due") == null);
  }

  private static List<Map<String, Object>> immediateJobs(List<Map<String, Object>> events) {
    return events.stream()
        .filter(event -> event.get("kind").equals("job-create") && event.get("due") == null)
        .toList();
  }

  private void attempt(Runnable command, String what, List<Map<String, Object>> events, List<String> failures) {
    try {
      command.run();
      var created = recorder.drain();
      created.forEach(this::addVariables);
      events.addAll(created);
    } catch (RuntimeException e) {
      // of a transaction that was rolled back
      recorder.drain();
      failures.add(what + ": " + e);
    }
  }

  private void addVariables(Map<String, Object> event) {
    var kind = event.get("kind");
    var names = kind.equals("external-create") ? reads.get(event.get("topic")) : reads.get(event.get("element"));
    boolean isNew = kind.equals("external-create") || kind.equals("task-create");
    if (!isNew || names == null) {
      return;
    }
    var execution = (String) event.get("execution");
    var found = engine.getRuntimeService().createExecutionQuery().executionId(execution).singleResult();
    event.put("variables", found == null ? Map.of() : read(engine.getRuntimeService().getVariablesTyped(execution, names, true)));
  }

  private Map<String, Object> read(VariableMap variables) {
    var values = new LinkedHashMap<String, Object>();
    for (var name : variables.keySet()) {
      TypedValue typed = variables.getValueTyped(name);
      values.put(name, plain(typed));
    }
    return values;
  }

  private Object plain(TypedValue typed) {
    try {
      if (typed instanceof JsonValue value) {
        return value.getValueSerialized() == null ? null : json.readTree(value.getValueSerialized());
      }
      return typed.getValue() instanceof Date moment ? (Object) moment.getTime() : typed.getValue();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void execute(JsonNode command) {
    var id = command.path("id").asText();
    var values = values(command.path("values"));
    switch (command.get("do").asText()) {
      case "deploy" -> deploy(command.get("files"));
      case "start" -> engine.getRuntimeService().startProcessInstanceByKey(id, command.path("case").asText(), values);
      case "message" -> engine.getRuntimeService().createMessageCorrelation(command.get("name").asText())
          .processInstanceId(id).setVariables(values).correlate();
      case "task" -> engine.getTaskService().complete(id, values);
      case "external" -> {
        engine.getExternalTaskService().lock(id, WORKER, LOCK_MS);
        engine.getExternalTaskService().complete(id, WORKER, values);
      }
      case "error" -> {
        engine.getExternalTaskService().lock(id, WORKER, LOCK_MS);
        engine.getExternalTaskService().handleBpmnError(id, WORKER, command.get("code").asText());
      }
      case "job" -> engine.getManagementService().executeJob(id);
      default -> throw new IllegalArgumentException("unknown command");
    }
  }

  private void deploy(JsonNode files) {
    var deployment = engine.getRepositoryService().createDeployment().name("simulation");
    for (var file : files) {
      var path = Path.of(file.asText());
      try (var content = new FileInputStream(path.toFile())) {
        deployment.addInputStream(path.getFileName().toString(), content);
      } catch (IOException e) {
        throw new IllegalArgumentException(e);
      }
    }
    deployment.deploy();
  }

  /** Converts the typed values of Camunda's REST API. */
  private VariableMap values(JsonNode node) {
    var values = Variables.createVariables();
    node.fields().forEachRemaining(field -> values.putValueTyped(field.getKey(), typed(field.getValue())));
    return values;
  }

  private TypedValue typed(JsonNode variable) {
    var value = variable.get("value");
    if (value == null || value.isNull()) {
      return Variables.untypedNullValue();
    }
    return switch (variable.path("type").asText()) {
      case "Boolean" -> Variables.booleanValue(value.asBoolean());
      case "Integer" -> Variables.integerValue(value.asInt());
      case "Double" -> Variables.doubleValue(value.asDouble());
      case "Date" -> Variables.dateValue(new Date(value.asLong()));
      case "Json" -> SpinValues.jsonValue(value.asText()).create();
      default -> Variables.stringValue(value.asText());
    };
  }
}
