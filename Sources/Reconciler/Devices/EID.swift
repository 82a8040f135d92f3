/// The identifier of one eUICC: 32 decimal digits, the last two of which are check digits.
///
/// A shorter one is representable, because the carrier's own samples have 30 digits. Leading zeros are kept.
/// Source: GSMA SGP.29; `thingspace.md`, sections 7 and 8.1.
public struct EID: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    var high: PackedDigits
    var low: PackedDigits

    /// The most digits that an EID can have.
    public static let maximumDigits = 32

    /// - Parameter packed: 32 nibbles, a digit each, filled with `F` at the end.
    init(high: UInt64, low: UInt64) {
        self.high = PackedDigits(word: high)
        self.low = PackedDigits(word: low)
    }

    /// Reads ASCII digits; `nil` unless there are 1 to 32 bytes, all of them digits.
    init?(ascii: UnsafeRawBufferPointer) {
        guard !ascii.isEmpty, ascii.count <= Self.maximumDigits else { return nil }
        let split = min(ascii.count, PackedDigits.capacity)
        guard let high = PackedDigits(ascii: .init(rebasing: ascii[..<split])),
            let low = PackedDigits(ascii: .init(rebasing: ascii[split...]))
        else { return nil }
        self.high = high
        self.low = low
    }

    /// Reads decimal digits; `nil` unless there are 1 to 32 characters, all of them digits.
    public init?(_ description: String) {
        var text = description
        let packed = text.withUTF8 { Self(ascii: .init($0)) }
        guard let packed else { return nil }
        self = packed
    }

    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(Self.maximumDigits)
        appendDigits(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the digits as ASCII.
    func appendDigits(to text: inout [UInt8]) {
        high.appendDigits(to: &text)
        low.appendDigits(to: &text)
    }

    /// How many digits there are, 1 to 32.
    public var digitCount: Int { high.count + low.count }

    /// Whether there are 32 digits and the whole number leaves 1 when divided by 97 (ISO 7064 MOD 97-10).
    public var hasValidCheckDigits: Bool {
        guard digitCount == Self.maximumDigits else { return false }
        let shift: UInt64 = 10_000_000_000_000_000 % 97
        return (high.value % 97 * shift + low.value) % 97 == 1
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}
