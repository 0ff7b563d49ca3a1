package org.stock;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Camunda's unmodified starters, with H2 in memory, to test the toolkit with an engine other than ours. */
@SpringBootApplication
public class StockEngine {

    public static void main(String[] arguments) {
        SpringApplication.run(StockEngine.class, arguments);
    }
}
