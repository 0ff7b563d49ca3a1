package org.coronacare.engine.workarounds;

import java.util.List;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.event.EventHandlerImpl;
import org.camunda.bpm.engine.impl.event.EventType;
import org.camunda.bpm.engine.impl.interceptor.CommandContext;
import org.camunda.bpm.engine.impl.persistence.entity.EventSubscriptionEntity;
import org.springframework.stereotype.Component;

/**
 * Lets a message conflict with a transaction that ends the waiting activity concurrently. A non-interrupting boundary event changes no
 * execution that the end of its activity changes too: the engine accepted such a message for an activity that had ended, so that a
 * withdrawal was confirmed and had no effect. With it, the execution is updated, so that one of both transactions fails with an
 * OptimisticLockingException, and is repeated.
 */
@Component
public class ConflictingMessages extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setCustomEventHandlers(List.of(new Handler()));
  }

  private static final class Handler extends EventHandlerImpl {

    Handler() {
      super(EventType.MESSAGE);
    }

    @Override
    public void handleEvent(
        EventSubscriptionEntity subscription,
        Object payload,
        Object localPayload,
        Object scopePayload,
        String businessKey,
        CommandContext context) {
      var execution = subscription.getExecution();
      if (execution != null) {
        execution.forceUpdate();
      }
      super.handleEvent(subscription, payload, localPayload, scopePayload, businessKey, context);
    }
  }
}
