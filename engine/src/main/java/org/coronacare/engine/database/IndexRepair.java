package org.coronacare.engine.database;

import java.util.ArrayList;
import java.util.List;
import org.h2.engine.SessionLocal;
import org.h2.index.Index;
import org.h2.mvstore.db.MVSecondaryIndex;
import org.h2.mvstore.db.MVTable;

/**
 * Rebuilds indexes of an embedded database that lack rows of their table. When the process is killed during a transaction, H2 2.3.232
 * may restore the rows and not their entries in all indexes: queries by such an index miss the row.
 */
final class IndexRepair {

  private IndexRepair() {}

  /** Returns the rebuilt indexes, as TABLE.INDEX. Without damage it only compares counts, which takes no time. */
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
