package org.coronacare.engine;

/** Names of Camunda 7 that its forks change, and that no class of theirs exports. Python's are in camunda7/names.py. */
final class Names {

  /** Path that each sign-in page requests, after the previous user has signed out; Operaton's is /operaton-welcome. */
  static final String WELCOME_PATH = "/camunda-welcome";

  private Names() {}
}
