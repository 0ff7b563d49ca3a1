package org.coronacare.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;

/** Adds command interceptors to those of the engine. */
final class Interceptors {

  private Interceptors() {}

  /** Adds an interceptor within each command's transaction, where the engine's data can be read and written. */
  static void addWithinTransaction(ProcessEngineConfigurationImpl configuration, CommandInterceptor interceptor) {
    var there = configuration.getCustomPostCommandInterceptorsTxRequired();
    configuration.setCustomPostCommandInterceptorsTxRequired(with(there, interceptor));
  }

  /** Adds an interceptor around each command's transaction, which sees its commit or rollback. */
  static void addAroundTransaction(ProcessEngineConfigurationImpl configuration, Supplier<CommandInterceptor> interceptor) {
    var there = configuration.getCustomPreCommandInterceptorsTxRequired();
    configuration.setCustomPreCommandInterceptorsTxRequired(with(there, interceptor.get()));
    var thereToo = configuration.getCustomPreCommandInterceptorsTxRequiresNew();
    configuration.setCustomPreCommandInterceptorsTxRequiresNew(with(thereToo, interceptor.get()));
  }

  private static List<CommandInterceptor> with(List<CommandInterceptor> there, CommandInterceptor another) {
    var all = new ArrayList<>(there == null ? List.<CommandInterceptor>of() : there);
    all.add(another);
    return all;
  }
}
