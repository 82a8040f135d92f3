/// One page of a v1 device list.
///
/// The list is complete with HTTP status 200 and goes on with 202; where the next page begins is told by the last row
/// alone. Source: `thingspace.md`, section 4.1.
public struct AccountDevicePage: Sendable {
    let rows: [AccountDeviceRow]
    /// Entries that are no rows: who is in none of the others may be in them.
    let unreadableRows: Int
    /// What the next page is asked for with; `nil` if this was the last one.
    let next: UInt64?

    /// At most so many devices are on a page; accounts may take fewer (`AccountLimits`).
    static let size = AccountLimits.largestPage

    init(rows: [AccountDeviceRow], next: UInt64?, unreadableRows: Int = 0) {
        self.rows = rows
        self.unreadableRows = unreadableRows
        self.next = next
    }

    /// - Parameter last: what this page was asked for with.
    /// - Throws: `CarrierError` if the answer is no list, or one that would be read in circles or with gaps.
    init(_ answer: JSONValue, status: Int, after last: UInt64) throws(CarrierError) {
        guard let list = answer["devices"], list.isArray else {
            throw Self.refusal("holds no list of devices")
        }
        let account = answer["accountName"]?.text.map { AccountName($0) }
        rows = list.elements.compactMap { AccountDeviceRow($0, enclosing: account) }
        unreadableRows = list.elements.count - rows.count
        let hasMore = answer["hasMoreData"]?.bool
        guard hasMore == true || status == 202, !(rows.isEmpty && hasMore == false) else {
            next = nil
            return
        }
        let numbers = rows.compactMap(\.number)
        guard let largest = numbers.max() else {
            throw Self.refusal("goes on, and no device in it tells where")
        }
        guard largest > last else {
            throw Self.refusal("goes on where it has begun")
        }
        guard rows.last?.number ?? largest == largest else {
            throw Self.refusal("is in no order, so that devices could be missed")
        }
        next = largest
    }

    private static func refusal(_ what: String) -> CarrierError {
        .transport(TransportProblem(description: "The carrier's v1 device list \(what); it is not read any further."))
    }
}
