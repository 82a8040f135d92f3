import GRDB
import GRDBSQLite

/// A prepared statement whose values are bound and read without a heap object each.
///
/// The statement belongs to GRDB's cache; it is used within one transaction and on its thread only.
struct SQLiteStatement {
    private let pointer: OpaquePointer
    private let database: Database

    init(_ database: Database, _ sql: String) throws {
        let statement = try database.cachedStatement(sql: sql)
        self.pointer = statement.sqliteStatement
        self.database = database
    }

    /// SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// Binds the values, runs the statement to its end, and calls `row` for each row.
    func run(_ values: SQLiteValue..., row: (SQLiteRow) throws -> Void = { _ in }) throws {
        try run(values, row: row)
    }

    func run(_ values: [SQLiteValue], row: (SQLiteRow) throws -> Void) throws {
        defer {
            sqlite3_reset(pointer)
            sqlite3_clear_bindings(pointer)
        }
        for (offset, value) in values.enumerated() {
            try check(bind(value, at: CInt(offset + 1)))
        }
        while true {
            switch sqlite3_step(pointer) {
            case SQLITE_ROW: try row(SQLiteRow(pointer: pointer))
            case SQLITE_DONE: return
            case let code: try check(code)
            }
        }
    }

    private func check(_ code: CInt) throws {
        guard code == SQLITE_OK else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: sqlite3_extended_errcode(database.sqliteConnection)),
                message: database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) })
        }
    }

    private func bind(_ value: SQLiteValue, at index: CInt) -> CInt {
        switch value {
        case .null:
            return sqlite3_bind_null(pointer, index)
        case .integer(let number):
            return sqlite3_bind_int64(pointer, index, number)
        case .text(let text):
            return sqlite3_bind_text(pointer, index, text, -1, Self.copied)
        case .eid(let eid):
            return withUnsafeBytes(of: (eid.high.word.bigEndian, eid.low.word.bigEndian)) {
                sqlite3_bind_blob(pointer, index, $0.baseAddress, 16, Self.copied)
            }
        case .iccid(let iccid):
            return withUnsafeBytes(of: (iccid.high.word.bigEndian, iccid.low.bigEndian)) {
                sqlite3_bind_blob(pointer, index, $0.baseAddress, 10, Self.copied)
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes {
                sqlite3_bind_blob(pointer, index, $0.baseAddress, CInt($0.count), Self.copied)
            }
        }
    }
}

/// A value to bind.
enum SQLiteValue {
    case null
    case integer(Int64)
    case text(String)
    case eid(EID)
    case iccid(ICCID)
    case blob([UInt8])

    static func optional(_ number: Int64?) -> Self { number.map { .integer($0) } ?? .null }
    static func optional(_ text: String?) -> Self { text.map { .text($0) } ?? .null }
    static func time(_ time: Timestamp?) -> Self { optional(time?.milliseconds) }
    static func number(_ number: some FixedWidthInteger) -> Self { .integer(Int64(number)) }
}

/// The row that a statement stands on; columns count from 0.
struct SQLiteRow {
    fileprivate let pointer: OpaquePointer

    func integer(_ column: CInt) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }

    func optionalInteger(_ column: CInt) -> Int64? {
        sqlite3_column_type(pointer, column) == SQLITE_NULL ? nil : integer(column)
    }

    func text(_ column: CInt) -> String {
        sqlite3_column_text(pointer, column).map { String(cString: $0) } ?? ""
    }

    func optionalText(_ column: CInt) -> String? {
        sqlite3_column_text(pointer, column).map { String(cString: $0) }
    }

    func isNull(_ column: CInt) -> Bool {
        sqlite3_column_type(pointer, column) == SQLITE_NULL
    }

    func time(_ column: CInt) -> Timestamp {
        Timestamp(milliseconds: integer(column))
    }

    func optionalTime(_ column: CInt) -> Timestamp? {
        optionalInteger(column).map { Timestamp(milliseconds: $0) }
    }

    /// Lends the bytes of a column, which are none where it is empty.
    func withBlob<Result>(_ column: CInt, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let start = sqlite3_column_blob(pointer, column)
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, column))))
    }

    /// Reads the EID and the ICCID from a column and the one behind it.
    /// - Throws: `StateStoreError`
    func key(_ column: CInt) throws -> DeviceKey {
        guard let key = wholeKey(column) else {
            throw StateStoreError(
                .damaged,
                "The state store holds a device whose EID or ICCID cannot be read: it is damaged "
                    + "(`profilectl state check` shows where). Restore it from a copy, or set it aside and read the "
                    + "carrier's records anew.")
        }
        return key
    }

    /// The EID and the ICCID; `nil` in a damaged row. Of a device that nothing names nothing can be known.
    func wholeKey(_ column: CInt) -> DeviceKey? {
        guard let eid = sqlite3_column_blob(pointer, column), sqlite3_column_bytes(pointer, column) == 16,
            let iccid = sqlite3_column_blob(pointer, column + 1), sqlite3_column_bytes(pointer, column + 1) == 10
        else { return nil }
        return DeviceKey(
            eid: EID(
                high: UInt64(bigEndian: eid.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: eid.loadUnaligned(fromByteOffset: 8, as: UInt64.self))),
            iccid: ICCID(
                high: UInt64(bigEndian: iccid.loadUnaligned(as: UInt64.self)),
                low: UInt16(bigEndian: iccid.loadUnaligned(fromByteOffset: 8, as: UInt16.self))))
    }
}
