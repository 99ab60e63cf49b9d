import Database from 'libsql';

/** The allow-list. It is asked for every request: a change by whatever program counts at once. */
export class Origins {
  #database;

  constructor(file, first) {
    this.#database = new Database(file);
    this.#database.exec('CREATE TABLE IF NOT EXISTS origins (origin TEXT PRIMARY KEY)');
    const insert = this.#database.prepare('INSERT OR IGNORE INTO origins VALUES (?)');
    for (const origin of first) insert.run(origin);
  }

  /** Throws if the database does, and the request is then refused. */
  has(origin) {
    const query = 'SELECT 1 FROM origins WHERE origin = ?';
    return this.#database.prepare(query).get(origin) !== undefined;
  }
}
