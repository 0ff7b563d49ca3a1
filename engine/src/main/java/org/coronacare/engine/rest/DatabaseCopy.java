package org.coronacare.engine.rest;

import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.rest.exception.InvalidRequestException;
import org.coronacare.engine.database.EmbeddedDatabase;

/** Copies an embedded database for a backup, as a file beside it. Only administrators of Camunda may do it. */
@Path("/coronacare/copy")
public class DatabaseCopy {

  private final ProcessEngine engine;
  private final EmbeddedDatabase database;

  DatabaseCopy(ProcessEngine engine, EmbeddedDatabase database) {
    this.engine = engine;
    this.database = database;
  }

  @POST
  public void copy() throws IOException {
    var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
    configuration
        .getCommandExecutorTxRequired()
        .execute(
            context -> {
              context.getAuthorizationManager().checkCamundaAdmin();
              return null;
            });
    if (!database.copy()) {
      throw new InvalidRequestException(Status.BAD_REQUEST, "the engine's database isn't a file, or the disk has no room for a copy");
    }
  }
}
