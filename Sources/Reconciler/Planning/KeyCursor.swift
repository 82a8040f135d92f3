/// A row of a list that is in the order of its devices' keys.
protocol KeyedRow {
    var key: DeviceKey { get }
}

/// Finds the rows of devices that are asked for in the order of their keys.
struct KeyCursor<Row: KeyedRow> {
    private let rows: ContiguousArray<Row>
    private var next = 0

    /// - Parameter rows: in the order of the keys.
    init(_ rows: ContiguousArray<Row>) {
        self.rows = rows
    }

    mutating func row(of key: DeviceKey) -> Row? {
        while next < rows.count, rows[next].key < key { next += 1 }
        return next < rows.count && rows[next].key == key ? rows[next] : nil
    }
}

extension DeviceKey: KeyedRow {
    var key: DeviceKey { self }
}

extension KnownMove: KeyedRow {}
extension DeviceInDoubt: KeyedRow {}
