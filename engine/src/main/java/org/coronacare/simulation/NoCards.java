package org.coronacare.simulation;

import org.camunda.bpm.engine.delegate.DelegateTask;

/** Stands in for the bean {@code facts}, which writes what Tasklist's cards show. No simulated person reads a card. */
public final class NoCards {

  public void show(DelegateTask task, String names) {}

  public void refreshOthers(DelegateTask task) {}
}
