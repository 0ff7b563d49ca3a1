/** What the engine's database needs: our tables and indexes, outages, and the embedded H2's durability. */
package org.coronacare.engine.database;
