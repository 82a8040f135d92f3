import GRDB

/// One transaction on the SQLite file; its readings and writings are in the extensions beside this file.
struct SQLiteTransaction: StateTransaction {
    let database: Database
    let names = NameCache()

    func statement(_ sql: String) throws -> SQLiteStatement {
        try SQLiteStatement(database, sql)
    }

    /// The text behind a number of the table `name`.
    func text(named number: Int64) throws -> String {
        if let text = names.text(number) { return text }
        var found = ""
        try statement("SELECT text FROM name WHERE id = ?").run(.integer(number)) { found = $0.text(0) }
        names.remember(found, as: number)
        return found
    }

    /// The number of a text in the table `name`, or one that stands for nothing if it is not there.
    func number(known text: String) throws -> Int64 {
        if let number = names.number(text) { return number }
        var number: Int64 = 0
        try statement("SELECT id FROM name WHERE text = ?").run(.text(text)) { number = $0.integer(0) }
        return number
    }

    /// The number of a text in the table `name`, where it is added if need be.
    func number(naming text: String) throws -> Int64 {
        if let number = names.number(text) { return number }
        try statement("INSERT INTO name (text) VALUES (?) ON CONFLICT DO NOTHING").run(.text(text))
        var number: Int64 = 0
        try statement("SELECT id FROM name WHERE text = ?").run(.text(text)) { number = $0.integer(0) }
        names.remember(text, as: number)
        return number
    }
}
