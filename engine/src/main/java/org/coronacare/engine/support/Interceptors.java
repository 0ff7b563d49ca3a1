package org.coronacare.engine.support;

import java.util.function.Supplier;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;

/** Adds command interceptors to those of the engine. */
public final class Interceptors {

  private Interceptors() {}

  /** Adds an interceptor within each command's transaction, where the engine's data can be read and written. */
  public static void addWithinTransaction(ProcessEngineConfigurationImpl configuration, CommandInterceptor interceptor) {
    var there = configuration.getCustomPostCommandInterceptorsTxRequired();
    configuration.setCustomPostCommandInterceptorsTxRequired(Lists.append(there, interceptor));
  }

  /** Adds an interceptor around each command's transaction, which sees its commit or rollback. */
  public static void addAroundTransaction(ProcessEngineConfigurationImpl configuration, Supplier<CommandInterceptor> interceptor) {
    var there = configuration.getCustomPreCommandInterceptorsTxRequired();
    configuration.setCustomPreCommandInterceptorsTxRequired(Lists.append(there, interceptor.get()));
    var thereToo = configuration.getCustomPreCommandInterceptorsTxRequiresNew();
    configuration.setCustomPreCommandInterceptorsTxRequiresNew(Lists.append(thereToo, interceptor.get()));
  }
}
