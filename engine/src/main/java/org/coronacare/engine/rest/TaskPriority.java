package org.coronacare.engine.rest;

import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.interceptor.CommandContext;
import org.camunda.bpm.engine.impl.persistence.entity.TaskEntity;
import org.camunda.bpm.engine.rest.exception.InvalidRequestException;
import org.coronacare.engine.tasks.TaskFacts;

/**
 * Raises the priority of a user task, shows on its card what is known now, and changes nothing else. Camunda's REST API can only replace
 * all properties of a task, which would undo a claim between reading and replacing them.
 */
@Path("/coronacare/task/{id}/raise-priority")
@Consumes(MediaType.APPLICATION_JSON)
public class TaskPriority {

  /**
   * @param priority the minimum; a higher priority stays, so that the order of two calls doesn't matter
   */
  public record Raise(Integer priority) {}

  private final ProcessEngine engine;
  private final TaskFacts facts;

  TaskPriority(ProcessEngine engine, TaskFacts facts) {
    this.engine = engine;
    this.facts = facts;
  }

  @POST
  public void raise(@PathParam("id") String id, Raise raise) {
    if (raise == null || raise.priority() == null) {
      throw new InvalidRequestException(Status.BAD_REQUEST, "priority is missing");
    }
    var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
    configuration.getCommandExecutorTxRequired().execute(context -> raise(context, id, raise.priority()));
  }

  /** One command, so that the update checks the revision that was read. */
  private Void raise(CommandContext context, String id, int priority) {
    var tasks = engine.getTaskService();
    var task = tasks.createTaskQuery().taskId(id).singleResult();
    if (task == null) {
      throw new InvalidRequestException(Status.NOT_FOUND, "there is no such task");
    }
    // also if the priority is high enough, so that the answer of an account doesn't depend on the priority
    for (var checker : context.getProcessEngineConfiguration().getCommandCheckers()) {
      checker.checkTaskAssign((TaskEntity) task);
    }
    if (task.getPriority() < priority) {
      tasks.setPriority(id, priority);
    }
    facts.refresh(context.getTaskManager().findTaskById(id));
    return null;
  }
}
