/// The identifier of one profile: up to 20 decimal digits, the last of which is a Luhn check digit.
///
/// Leading zeros are kept. Source: ITU-T E.118; Verizon says "up to 20" (`thingspace.md`, section 7).
public struct ICCID: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    var high: PackedDigits
    /// The digits behind the 16th: four nibbles, filled with `F` at the end.
    var low: UInt16

    /// The most digits that an ICCID can have.
    public static let maximumDigits = 20

    init(high: UInt64, low: UInt16) {
        self.high = PackedDigits(word: high)
        self.low = low
    }

    /// Reads ASCII digits; `nil` unless there are 1 to 20 bytes, all of them digits.
    init?(ascii: UnsafeRawBufferPointer) {
        guard !ascii.isEmpty, ascii.count <= Self.maximumDigits else { return nil }
        let split = min(ascii.count, PackedDigits.capacity)
        guard let high = PackedDigits(ascii: .init(rebasing: ascii[..<split])),
            let low = PackedDigits(ascii: .init(rebasing: ascii[split...]))
        else { return nil }
        self.high = high
        self.low = UInt16(truncatingIfNeeded: low.word >> 48)
    }

    /// Reads decimal digits; `nil` unless there are 1 to 20 characters, all of them digits.
    public init?(_ description: String) {
        var text = description
        let packed = text.withUTF8 { Self(ascii: .init($0)) }
        guard let packed else { return nil }
        self = packed
    }

    private var lowDigits: PackedDigits {
        PackedDigits(word: UInt64(low) << 48 | 0xFFFF_FFFF_FFFF)
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
        lowDigits.appendDigits(to: &text)
    }

    /// How many digits there are, 1 to 20.
    public var digitCount: Int { high.count + lowDigits.count }

    /// Whether there are 19 or 20 digits and the last one is the Luhn check digit of those before it.
    public var hasValidCheckDigit: Bool {
        let lowCount = lowDigits.count
        guard lowCount >= 3 else { return false }
        let last = UInt64(low) >> UInt64((4 - lowCount) * 4)
        let sum =
            PackedDigits.luhnSum(high.word, doublesLast: lowCount % 2 == 1)
            + PackedDigits.luhnSum(last, doublesLast: false)
        return sum % 10 == 0
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}
