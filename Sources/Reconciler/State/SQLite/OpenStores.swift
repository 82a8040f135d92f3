import Synchronization

/// The stores that this process has open, so that its end can leave each as one whole file.
enum OpenStores {
    private struct Entry: Sendable {
        weak let store: SQLiteStore?
    }

    private static let entries = Mutex<[Entry]>([])

    static func add(_ store: SQLiteStore) {
        entries.withLock { entries in
            entries.removeAll { $0.store == nil }
            entries.append(Entry(store: store))
        }
    }

    static var all: [SQLiteStore] { entries.withLock { $0.compactMap(\.store) } }
}
