package org.coronacare.engine.tasks;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.camunda.bpm.engine.delegate.DelegateTask;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.GetTaskFormVariablesCmd;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.camunda.bpm.engine.impl.persistence.entity.TaskEntity;
import org.camunda.bpm.engine.variable.VariableMap;
import org.camunda.bpm.model.bpmn.instance.camunda.CamundaProperties;
import org.camunda.bpm.model.bpmn.instance.camunda.CamundaProperty;
import org.camunda.spin.Spin;
import org.camunda.spin.plugin.variable.SpinValues;
import org.coronacare.engine.support.Fields;
import org.coronacare.engine.support.Interceptors;
import org.springframework.stereotype.Component;
import org.springframework.util.ReflectionUtils;

/**
 * Shows staff what a user task is about, in words. A fact that the case doesn't have is left out.
 *
 * <ul>
 *   <li>In its form: the variable {@code facts}, rows {@code {fact, value}} of a table. It is computed whenever a form's variables are
 *       read, and not stored. The extension property {@code facts} of the user task names the facts.
 *   <li>On its card in Tasklist: a variable {@code card_…} for each fact, local to the task, since staff may read their tasks and not
 *       whole cases. A listener of the user task names them: {@code ${facts.show(task, 'patient, phone')}}.
 * </ul>
 *
 * None of it is in the task's name or description, which process managers may read.
 */
@Component("facts")
public class TaskFacts extends AbstractProcessEnginePlugin {

  private static final String FACTS = "facts";
  private static final String CARD = "card_";

  private final PatientCalendar calendar;

  TaskFacts(PatientCalendar calendar) {
    this.calendar = calendar;
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new OfForm());
  }

  /**
   * @param names of the facts on the task's card, as in Fact
   */
  public void show(DelegateTask task, String names) {
    parse(names).forEach(fact -> showOnCard(task, fact));
  }

  /** Shows the facts on the cards of a case's other open tasks as they are now: the patient feels worse. */
  public void refreshOthers(DelegateTask task) {
    var context = Context.getCommandContext();
    var query = context.getProcessEngineConfiguration().getTaskService().createTaskQuery();
    query.processInstanceBusinessKey(new CaseValues(task, calendar).reference());
    var open = context.runWithoutAuthorization(query::list);
    open.stream()
        .filter(other -> !other.getId().equals(task.getId()))
        .forEach(other -> refresh(context.getTaskManager().findTaskById(other.getId())));
  }

  /** Shows the facts on a task's card as they are now. */
  public void refresh(TaskEntity task) {
    var shown = Arrays.stream(Fact.values()).filter(fact -> task.hasVariableLocal(cardVariable(fact))).toList();
    shown.forEach(fact -> showOnCard(task, fact));
    if (!shown.isEmpty()) {
      showOnCard(task, Fact.ALERT);
    }
  }

  private void showOnCard(DelegateTask task, Fact fact) {
    var value = fact.describe(new CaseValues(task, calendar));
    if (value != null && !value.equals(task.getVariableLocal(cardVariable(fact)))) {
      task.setVariableLocal(cardVariable(fact), value);
    }
  }

  private List<Map<String, String>> describe(DelegateTask task, List<Fact> facts) {
    var values = new CaseValues(task, calendar);
    var rows = new ArrayList<Map<String, String>>();
    for (var fact : facts) {
      var value = fact.describe(values);
      if (value != null) {
        rows.add(row(fact.label(), value));
      }
      fact.details(values).forEach((label, detail) -> rows.add(row(label, detail)));
    }
    return rows;
  }

  private static Map<String, String> row(String label, String value) {
    return Map.of("fact", label, "value", value);
  }

  private static String cardVariable(Fact fact) {
    return CARD + fact.name().toLowerCase(Locale.ROOT);
  }

  private static List<Fact> parse(String names) {
    return Arrays.stream(names.split(",")).map(name -> Fact.valueOf(name.strip().toUpperCase(Locale.ROOT))).toList();
  }

  /** Names of the facts in a task's form; empty if its user task names none. */
  private static List<Fact> inForm(TaskEntity task) {
    var elements = task.getBpmnModelElementInstance() == null ? null : task.getBpmnModelElementInstance().getExtensionElements();
    if (elements == null) {
      return List.of();
    }
    return elements.getElementsQuery().filterByType(CamundaProperties.class).list().stream()
        .flatMap(properties -> properties.getCamundaProperties().stream())
        .filter(property -> FACTS.equals(property.getCamundaName()))
        .map(CamundaProperty::getCamundaValue)
        .flatMap(names -> parse(names).stream())
        .toList();
  }

  private final class OfForm extends CommandInterceptor {

    private static final Field TASK = Fields.of(GetTaskFormVariablesCmd.class, "resourceId");

    @Override
    public <T> T execute(Command<T> command) {
      T result = next.execute(command);
      if (command instanceof GetTaskFormVariablesCmd && result instanceof VariableMap variables) {
        var id = (String) ReflectionUtils.getField(TASK, command);
        var task = Context.getCommandContext().getTaskManager().findTaskById(id);
        var facts = inForm(task);
        if (!facts.isEmpty()) {
          variables.putValueTyped(FACTS, SpinValues.jsonValue(Spin.JSON(describe(task, facts)).toString()).create());
        }
      }
      return result;
    }
  }
}
