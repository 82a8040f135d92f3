/// Which devices are looked for, and from where on.
public struct DeviceQuery: Hashable, Sendable {
    /// How the latest operation of a device stands.
    public enum Standing: String, CaseIterable, Sendable {
        case inFlight = "in-flight"
        case enablePending = "enable-pending"
        case held
        case waiting
        case failed
    }

    /// What its EID, its ICCID or its IMEI begins with; `nil` for all devices.
    public var prefix: DigitPrefix?
    /// `nil` for all.
    public var standing: Standing?
    /// Where the page before this one ended; `nil` for the first page.
    public var after: DevicePosition?
    /// The most devices that are wanted.
    public var limit: Int

    public init(
        prefix: DigitPrefix? = nil, standing: Standing? = nil, after: DevicePosition? = nil, limit: Int
    ) {
        self.prefix = prefix
        self.standing = standing
        self.after = after
        self.limit = limit
    }
}

/// The first digits of an identifier, 1 to 32 of them.
public struct DigitPrefix: Hashable, Sendable, LosslessStringConvertible {
    public let description: String
    /// All EIDs that begin so.
    let eids: ClosedRange<EID>
    /// All ICCIDs that begin so; `nil` if the digits are too many.
    let iccids: ClosedRange<ICCID>?
    /// All IMEIs that begin so; `nil` if the digits are too many.
    let imeis: ClosedRange<IMEI>?

    public init?(_ description: String) {
        guard let eids = Self.range(description, EID.maximumDigits, EID.init) else { return nil }
        self.description = description
        self.eids = eids
        iccids = Self.range(description, ICCID.maximumDigits, ICCID.init)
        imeis = Self.range(description, IMEI.maximumDigits, IMEI.init)
    }

    /// The digits themselves are the last of all that begin so: what fills an identifier up sorts behind any digit.
    private static func range<Identifier: Comparable>(
        _ digits: String, _ maximum: Int, _ make: (String) -> Identifier?
    ) -> ClosedRange<Identifier>? {
        let zeros = String(repeating: "0", count: max(0, maximum - digits.utf8.count))
        guard let first = make(digits + zeros), let last = make(digits) else { return nil }
        return first...last
    }
}

/// Devices that were found, and where to go on.
public struct DevicePage: Sendable {
    public let devices: [DeviceRecord]
    /// `nil` if these are the last ones.
    public let next: DevicePosition?

    public init(devices: [DeviceRecord], next: DevicePosition?) {
        self.devices = devices
        self.next = next
    }
}

/// A place in the order in which devices are found: first those whose EID begins with the digits, then those whose
/// ICCID does, then those whose IMEI does, each by that identifier, so that every page is a stretch of an index. Where
/// the standing of an operation is asked for, all of them come by EID.
public struct DevicePosition: Hashable, Sendable, LosslessStringConvertible {
    enum Order: String, CaseIterable {
        case eid
        case iccid
        case imei
    }

    let order: Order
    let key: DeviceKey
    let imei: IMEI?

    /// `nil` where a device without an IMEI would be found by it.
    init?(_ order: Order, _ record: DeviceRecord) {
        guard order != .imei || record.imei != nil else { return nil }
        self.order = order
        key = record.key
        imei = order == .imei ? record.imei : nil
    }

    /// Reads what `description` gives.
    public init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, let order = Order(rawValue: parts[0]), let eid = EID(parts[1]),
            let iccid = ICCID(parts[2]), parts.count == (order == .imei ? 4 : 3)
        else { return nil }
        self.order = order
        key = DeviceKey(eid: eid, iccid: iccid)
        imei = order == .imei ? IMEI(parts[3]) : nil
        guard order != .imei || imei != nil else { return nil }
    }

    public var description: String {
        "\(order.rawValue).\(key.eid).\(key.iccid)" + (imei.map { ".\($0)" } ?? "")
    }
}
