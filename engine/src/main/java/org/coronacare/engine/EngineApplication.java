package org.coronacare.engine;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The Camunda engine with its REST API and web applications; everything else is configuration. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class EngineApplication {

  public static void main(String[] arguments) {
    SpringApplication.run(EngineApplication.class, arguments);
    DatabaseOutage.CURRENT.started();
  }
}
