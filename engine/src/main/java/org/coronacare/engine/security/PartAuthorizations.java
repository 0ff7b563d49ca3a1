package org.coronacare.engine.security;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.interceptor.Session;
import org.camunda.bpm.engine.impl.interceptor.SessionFactory;
import org.camunda.bpm.engine.impl.persistence.entity.AuthorizationManager;
import org.coronacare.engine.support.Lists;
import org.springframework.stereotype.Component;

/**
 * Remembers for some seconds whether there are authorizations that revoke permissions of a part's account. Camunda queries for them at each
 * of its commands, to choose between two statements. Other accounts are looked up each time, as at {@link PasswordAuthentication}.
 */
@Component
public class PartAuthorizations extends AbstractProcessEnginePlugin {

  private record Answer(boolean isUsed, long untilNanos) {}

  private final Set<String> parts;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();

  PartAuthorizations(ServiceAccounts accounts) {
    this.parts = accounts.serviceAccounts().keySet();
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setCustomSessionFactories(Lists.append(configuration.getCustomSessionFactories(), new Factory()));
  }

  private final class Factory implements SessionFactory {

    @Override
    public Class<?> getSessionType() {
      return AuthorizationManager.class;
    }

    @Override
    public Session openSession() {
      return new Authorizations();
    }
  }

  private final class Authorizations extends AuthorizationManager {

    @Override
    protected boolean isRevokeAuthCheckEnabled(String user, List<String> groups) {
      if (!parts.contains(user)) {
        return super.isRevokeAuthCheckEnabled(user, groups);
      }
      var known = answers.get(user);
      if (known == null || System.nanoTime() - known.untilNanos > 0) {
        known = new Answer(super.isRevokeAuthCheckEnabled(user, groups), System.nanoTime() + PasswordAuthentication.REMEMBERED.toNanos());
        answers.put(user, known);
      }
      return known.isUsed;
    }
  }
}
