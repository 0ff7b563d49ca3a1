package org.coronacare.engine.tuning;

import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.spring.SpringBeansResolverFactory;
import org.springframework.stereotype.Component;

/**
 * Leaves Spring's beans out of the values that a script sees. FEEL copies all values before it evaluates an expression, and a copy of the
 * beans creates each of those that aren't singletons anew.
 */
@Component
final class ScriptBindings extends AbstractProcessEnginePlugin {

  @Override
  public void postInit(ProcessEngineConfigurationImpl configuration) {
    if (!configuration.getResolverFactories().removeIf(SpringBeansResolverFactory.class::isInstance)) {
      throw new IllegalStateException("another version of Camunda: scripts get no beans from a SpringBeansResolverFactory");
    }
  }
}
