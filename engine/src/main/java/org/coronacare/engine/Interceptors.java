package org.coronacare.engine;

import java.util.ArrayList;
import java.util.List;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;

/** Adds interceptors of commands beside those that are there. */
final class Interceptors {

  private Interceptors() {}

  /** One that runs within each command's transaction, where the engine's data can be read and written. */
  static void addWithinTransaction(ProcessEngineConfigurationImpl configuration, CommandInterceptor interceptor) {
    List<CommandInterceptor> there = configuration.getCustomPostCommandInterceptorsTxRequired();
    var all = new ArrayList<>(there == null ? List.of() : there);
    all.add(interceptor);
    configuration.setCustomPostCommandInterceptorsTxRequired(all);
  }

  /** One that runs around each command's transaction: it sees the end of it. */
  static void addAroundTransaction(ProcessEngineConfigurationImpl configuration, CommandInterceptor interceptor) {
    List<CommandInterceptor> there = configuration.getCustomPreCommandInterceptorsTxRequired();
    var all = new ArrayList<>(there == null ? List.of() : there);
    all.add(interceptor);
    configuration.setCustomPreCommandInterceptorsTxRequired(all);
  }
}
