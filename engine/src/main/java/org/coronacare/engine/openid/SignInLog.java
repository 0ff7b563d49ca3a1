package org.coronacare.engine.openid;

import java.util.List;
import java.util.Optional;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.Page;
import org.camunda.bpm.engine.impl.UserOperationLogQueryImpl;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.interceptor.CommandContext;
import org.camunda.bpm.engine.impl.interceptor.CommandExecutor;
import org.camunda.bpm.engine.impl.oplog.UserOperationLogContext;
import org.camunda.bpm.engine.impl.oplog.UserOperationLogContextEntry;
import org.camunda.bpm.engine.impl.persistence.entity.PropertyChange;
import org.springframework.stereotype.Component;

/**
 * Entries of the engine's user operation log with the groups that a person had at sign-in: one when they change. So the log of who has
 * accessed a case tells the role of a person who has left.
 */
@Component
@ByOpenIdConnect
final class SignInLog {

  private static final String SIGN_IN = "SignIn";
  private static final String GROUPS = "groups";

  private final CommandExecutor commands;

  SignInLog(ProcessEngine engine) {
    commands = ((ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration()).getCommandExecutorTxRequired();
  }

  void add(String id, List<String> groups) {
    commands.execute(
        context -> {
          if (!findGroups(context, id).equals(Optional.of(groups))) {
            add(context, id, groups);
          }
          return null;
        });
  }

  /** Returns the groups that a person had at the last sign-in; empty if they never signed in. */
  static Optional<List<String>> findGroups(CommandContext context, String id) {
    var query = (UserOperationLogQueryImpl) new UserOperationLogQueryImpl().userId(id).operationType(SIGN_IN).orderByTimestamp().desc();
    return context
        .runWithoutAuthorization(() -> context.getOperationLogManager().findOperationLogEntriesByQueryCriteria(query, new Page(0, 1)))
        .stream()
        .findFirst()
        .map(entry -> entry.getNewValue() == null || entry.getNewValue().isEmpty() ? List.of() : List.of(entry.getNewValue().split(",")));
  }

  private static void add(CommandContext context, String id, List<String> groups) {
    var entry = new UserOperationLogContextEntry(SIGN_IN, "User");
    entry.setCategory("Admin");
    entry.setPropertyChanges(List.of(new PropertyChange(GROUPS, null, String.join(",", groups))));
    var log = new UserOperationLogContext();
    log.setUserId(id);
    log.setOperationId(context.getProcessEngineConfiguration().getIdGenerator().getNextId());
    log.addEntry(entry);
    context.getOperationLogManager().logUserOperations(log);
  }
}
