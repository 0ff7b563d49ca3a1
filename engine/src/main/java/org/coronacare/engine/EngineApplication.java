package org.coronacare.engine;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The Camunda engine with its REST API and web applications; everything else is configuration. */
@SpringBootApplication
public class EngineApplication {

  public static void main(String[] arguments) {
    SpringApplication.run(EngineApplication.class, arguments);
  }
}
