package org.coronacare.engine.security;

import java.lang.reflect.Field;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.AssignTaskCmd;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.coronacare.engine.support.Fields;
import org.coronacare.engine.support.Interceptors;
import org.springframework.stereotype.Component;
import org.springframework.util.ReflectionUtils;

/**
 * Lets the assignee of a task unclaim it. The engine requires the permission to assign tasks to any user for it, which none of the
 * staff has.
 */
@Component
public class UnclaimOwnTask extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new OwnTask());
  }

  private static final class OwnTask extends CommandInterceptor {

    private static final Field TASK = Fields.of(AssignTaskCmd.class, "taskId");
    private static final Field USER = Fields.of(AssignTaskCmd.class, "userId");

    @Override
    public <T> T execute(Command<T> command) {
      if (command instanceof AssignTaskCmd && ReflectionUtils.getField(USER, command) == null && isOwn(command)) {
        return Context.getCommandContext().runWithoutAuthorization(() -> next.execute(command));
      }
      return next.execute(command);
    }

    private static boolean isOwn(Object command) {
      var context = Context.getCommandContext();
      var task = context.getTaskManager().findTaskById((String) ReflectionUtils.getField(TASK, command));
      var who = context.getAuthenticatedUserId();
      return task != null && who != null && who.equals(task.getAssignee());
    }
  }
}
