package org.coronacare.engine;

import java.util.ArrayList;
import java.util.List;
import org.h2.engine.SessionLocal;
import org.h2.index.Index;
import org.h2.mvstore.db.MVSecondaryIndex;
import org.h2.mvstore.db.MVTable;

/**
 * Builds those indexes of an embedded database anew that lack rows of their table. H2 2.3.232 may bring back the rows of a transaction
 * that was on its way when the process was killed, and not their places in all indexes: such a row is there, and isn't found.
 */
final class IndexRepair {

  private IndexRepair() {}

  /** Returns what was built anew, as TABLE.INDEX; both are counted, which takes no time, if nothing is wrong. */
  static List<String> repair(SessionLocal session) {
    var repaired = new ArrayList<String>();
    for (var each : session.getDatabase().getAllTablesAndViews()) {
      if (each instanceof MVTable table) {
        var rows = table.getScanIndex(session);
        for (var index : table.getIndexes()) {
          if (index instanceof MVSecondaryIndex && index.getRowCount(session) != rows.getRowCount(session)) {
            build(session, rows, index);
            repaired.add(table.getName() + "." + index.getName());
          }
        }
      }
    }
    session.commit(false);
    return repaired;
  }

  private static void build(SessionLocal session, Index rows, Index index) {
    index.truncate(session);
    var all = rows.find(session, null, null, false);
    while (all.next()) {
      index.add(session, all.get());
    }
  }
}
