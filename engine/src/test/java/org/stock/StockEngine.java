package org.stock;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Camunda's starters as they are, on H2 in memory: what the toolkit is tried on beside our own engine. */
@SpringBootApplication
public class StockEngine {

    public static void main(String[] arguments) {
        SpringApplication.run(StockEngine.class, arguments);
    }
}
