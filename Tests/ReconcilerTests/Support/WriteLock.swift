import GRDB

/// Holds a store as another process does that is writing to it.
struct WriteLock: Sendable {
    private let database: DatabaseQueue

    init(on path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.allowsUnsafeTransactions = true
        database = try DatabaseQueue(path: path, configuration: configuration)
        try database.inDatabase { db in
            // Who opens the store finds that it has been written to, as it is with every run.
            try db.execute(sql: "UPDATE name SET text = text")
            try db.beginTransaction(.immediate)
        }
    }

    func release() throws {
        try database.inDatabase { try $0.rollback() }
        try database.close()
    }
}
