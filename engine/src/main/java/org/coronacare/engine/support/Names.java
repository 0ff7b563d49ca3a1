package org.coronacare.engine.support;

/** Names of Camunda 7 that its forks change, and that no class of theirs exports. Python's are in camunda7/names.py. */
public final class Names {

  /** Path that each sign-in page requests, after the previous user has signed out; Operaton's is /operaton-welcome. */
  public static final String WELCOME_PATH = "/camunda-welcome";

  /** Path of the REST API, which all forks keep. */
  public static final String REST_API = "/engine-rest";

  private Names() {}
}
