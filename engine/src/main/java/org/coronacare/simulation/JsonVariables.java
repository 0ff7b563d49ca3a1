package org.coronacare.simulation;

import java.util.Optional;
import org.camunda.bpm.spring.boot.starter.spin.CamundaJacksonFormatConfiguratorJSR310;
import org.camunda.bpm.spring.boot.starter.spin.SpringBootSpinProcessEnginePlugin;

/** JSON variables as the live engine stores them, which may contain calendar days. There, Spring sets the fields. */
final class JsonVariables extends SpringBootSpinProcessEnginePlugin {

  JsonVariables() {
    dataFormatConfiguratorJsr310 = Optional.of(new CamundaJacksonFormatConfiguratorJSR310());
    dataFormatConfiguratorParameterNames = Optional.empty();
    dataFormatConfiguratorJdk8 = Optional.empty();
  }
}
