/// The name of a billing account, as the carrier spells it: usually digits and a dash, leading zeros included.
public struct AccountName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// - Returns: `nil` for a text that the carrier would not take for the name of an account.
    public init?(checked text: String) {
        guard let name = DeviceValues.account(text) else { return nil }
        self = name
    }

    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// The object identifier of the SM-SR that manages an eUICC, in dotted form ("1.3.6.1.4.1.31746.1.500.200.101.5").
public struct SmsrOid: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// - Returns: `nil` for a text that is no object identifier.
    public init?(checked text: String) {
        guard let smsr = DeviceValues.smsr(text) else { return nil }
        self = smsr
    }

    /// Whether the text is two or more numbers with dots between them.
    public var isDotted: Bool {
        let arcs = description.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return arcs.count >= 2 && arcs.allSatisfy { arc in !arc.isEmpty && arc.allSatisfy { 0x30...0x39 ~= $0 } }
    }

    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// The carrier's name for an accepted request; its callbacks carry it (not always: `thingspace.md`, section 8.3).
public struct RequestID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
