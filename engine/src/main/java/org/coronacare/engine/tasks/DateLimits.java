package org.coronacare.engine.tasks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.CompleteTaskCmd;
import org.camunda.bpm.engine.impl.cmd.SubmitTaskFormCmd;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.form.validator.FormFieldValidationException;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.camunda.bpm.engine.impl.persistence.entity.TaskEntity;
import org.coronacare.engine.support.Fields;
import org.coronacare.engine.support.Interceptors;
import org.springframework.stereotype.Component;
import org.springframework.util.ReflectionUtils;

/**
 * Refuses a task form whose dates lie outside the limits that the deployed form declares, from any client. The patients' pages check
 * the limits before; Tasklist doesn't know them, and Camunda validates nothing of a Camunda Form. Workers check the rows of lists. The
 * answer is 400, with a text that names the field and never a value.
 */
@Component
public class DateLimits extends AbstractProcessEnginePlugin {

  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM uuuu", java.util.Locale.ENGLISH);

  private final PatientCalendar calendar;
  private final ObjectMapper json = new ObjectMapper();

  /** Cache of the date fields with limits, by deployment and form. */
  private final Map<String, List<DateField>> known = new ConcurrentHashMap<>();

  DateLimits(PatientCalendar calendar) {
    this.calendar = calendar;
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new Check());
  }

  private record DateField(String key, String name, List<DayLimit> notBefore, List<DayLimit> notAfter) {}

  private final class Check extends CommandInterceptor {

    private static final Field TASK_OF_FORM = Fields.of(SubmitTaskFormCmd.class, "taskId");
    private static final Field VALUES_OF_FORM = Fields.of(SubmitTaskFormCmd.class, "properties");
    private static final Field TASK_OF_COMPLETION = Fields.of(CompleteTaskCmd.class, "taskId");
    private static final Field VALUES_OF_COMPLETION = Fields.of(CompleteTaskCmd.class, "variables");

    @Override
    public <T> T execute(Command<T> command) {
      if (command instanceof SubmitTaskFormCmd) {
        check(command, TASK_OF_FORM, VALUES_OF_FORM);
      } else if (command instanceof CompleteTaskCmd) {
        check(command, TASK_OF_COMPLETION, VALUES_OF_COMPLETION);
      }
      return next.execute(command);
    }

    @SuppressWarnings("unchecked")
    private void check(Command<?> command, Field taskId, Field values) {
      var submitted = (Map<String, Object>) ReflectionUtils.getField(values, command);
      var id = (String) ReflectionUtils.getField(taskId, command);
      var task = id == null ? null : Context.getCommandContext().getTaskManager().findTaskById(id);
      if (task == null || submitted == null) {
        return;
      }
      Function<String, Object> answers = name -> submitted.containsKey(name) ? submitted.get(name) : task.getVariable(name);
      for (var field : fieldsOf(task)) {
        var value = submitted.get(field.key());
        if (value != null && !"".equals(value)) {
          checkLimits(field, value, answers);
        }
      }
    }
  }

  private void checkLimits(DateField field, Object value, Function<String, Object> answers) {
    var moment = momentOf(value);
    var day = moment == null ? dayOf(value) : calendar.dayOf(moment);
    if (day == null) {
      throw refusal(field, "must be a real date");
    }
    for (var limit : field.notBefore()) {
      var first = limit.day(calendar.today(), answers);
      if (first != null && day.isBefore(first)) {
        throw refusal(field, "must be " + text(limit, first) + " or later");
      }
    }
    for (var limit : field.notAfter()) {
      var last = limit.day(calendar.today(), answers);
      boolean isLater = moment != null && limit.isToday() ? moment.isAfter(calendar.now()) : last != null && day.isAfter(last);
      if (isLater) {
        throw refusal(field, limit.isToday() ? "must be today or in the past" : "must be " + text(limit, last) + " or earlier");
      }
    }
  }

  /** Names the other answer without its value: the text may be logged. */
  private static String text(DayLimit limit, LocalDate day) {
    boolean isAnswer = !limit.base().equals("today") && !Character.isDigit(limit.base().charAt(0));
    return isAnswer ? limit.base().replace('_', ' ') : day.format(DAY);
  }

  private static FormFieldValidationException refusal(DateField field, String rule) {
    return new FormFieldValidationException(field.key(), field.name() + " " + rule);
  }

  private static LocalDate dayOf(Object value) {
    try {
      var text = String.valueOf(value);
      return text.contains("T") ? LocalDateTime.parse(text).toLocalDate() : LocalDate.parse(text);
    } catch (DateTimeException e) {
      return null;
    }
  }

  /** A point in time with its offset, as form-js writes it; null if the value is a day. */
  private static ZonedDateTime momentOf(Object value) {
    try {
      return ZonedDateTime.parse(String.valueOf(value));
    } catch (DateTimeException e) {
      return null;
    }
  }

  private List<DateField> fieldsOf(TaskEntity task) {
    var form = task.getTaskDefinition() == null ? null : task.getTaskDefinition().getCamundaFormDefinitionKey();
    if (form == null) {
      return List.of();
    }
    var deployment = task.getProcessDefinition().getDeploymentId();
    var key = form.getExpressionText();
    return known.computeIfAbsent(deployment + "/" + key, unknown -> read(deployment, key));
  }

  private List<DateField> read(String deployment, String key) {
    var context = Context.getCommandContext();
    var definition = context.getCamundaFormDefinitionManager().findDefinitionByDeploymentAndKey(deployment, key);
    if (definition == null) {
      return List.of();
    }
    var resource = context.getResourceManager().findResourceByDeploymentIdAndResourceName(deployment, definition.getResourceName());
    try {
      return within(json.readTree(resource.getBytes())).map(DateLimits::field).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The date fields with limits of a form or group; those in the rows of a dynamic list are left out. */
  private static Stream<JsonNode> within(JsonNode parent) {
    return StreamSupport.stream(parent.path("components").spliterator(), false)
        .flatMap(
            component ->
                switch (component.path("type").asText()) {
                  case "datetime" -> component.path("properties").isMissingNode() ? Stream.of() : Stream.of(component);
                  case "group" -> component.hasNonNull("path") ? Stream.of() : within(component);
                  default -> Stream.of();
                });
  }

  private static DateField field(JsonNode component) {
    var properties = component.path("properties");
    var name = properties.path("subject").asText(component.path("dateLabel").asText());
    return new DateField(
        component.path("key").asText(), name, limits(properties.path("notBefore")), limits(properties.path("notAfter")));
  }

  private static List<DayLimit> limits(JsonNode declared) {
    return Arrays.stream(declared.asText().split(",")).filter(text -> !text.isBlank()).map(DayLimit::parse).toList();
  }
}
