/// The identifier of the modem that holds an eUICC: 14 to 16 decimal digits.
///
/// Some callbacks name a device by IMEI and EID only (`thingspace.md`, section 2.6 b).
public struct IMEI: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    var digits: PackedDigits

    /// The most digits that an IMEI (with software version) can have.
    public static let maximumDigits = 16

    init(word: UInt64) {
        digits = PackedDigits(word: word)
    }

    /// Reads ASCII digits; `nil` unless there are 1 to 16 bytes, all of them digits.
    init?(ascii: UnsafeRawBufferPointer) {
        guard !ascii.isEmpty, let digits = PackedDigits(ascii: ascii) else { return nil }
        self.digits = digits
    }

    /// Reads decimal digits; `nil` unless there are 1 to 16 characters, all of them digits.
    public init?(_ description: String) {
        var text = description
        let packed = text.withUTF8 { Self(ascii: .init($0)) }
        guard let packed else { return nil }
        self = packed
    }

    public var description: String {
        var text: [UInt8] = []
        digits.appendDigits(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// How many digits there are, 1 to 16.
    public var digitCount: Int { digits.count }

    public static func < (left: Self, right: Self) -> Bool {
        left.digits < right.digits
    }
}
