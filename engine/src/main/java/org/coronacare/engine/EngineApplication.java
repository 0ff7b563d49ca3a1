package org.coronacare.engine;

import org.camunda.bpm.engine.ProcessEngine;
import org.coronacare.engine.database.DatabaseOutage;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The Camunda engine with its REST API and web applications; everything else is configuration. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class EngineApplication {

  public static void main(String[] arguments) {
    var context = SpringApplication.run(EngineApplication.class, arguments);
    DatabaseOutage.CURRENT.started();
    if (context.getEnvironment().getProperty("server.servlet.session.cookie.secure", Boolean.class, true)) {
      warnOfUnsupportedVersions();
    }
  }

  /** Cookies are secure where people sign in by HTTPS: the platform is on a server. */
  private static void warnOfUnsupportedVersions() {
    LoggerFactory.getLogger(EngineApplication.class)
        .warn(
            "Camunda {} and Spring Boot {} get no more security fixes: see docs/decisions/leaving-camunda-7.md",
            ProcessEngine.class.getPackage().getImplementationVersion(),
            SpringBootVersion.getVersion());
  }
}
