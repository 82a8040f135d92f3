/// Up to 16 decimal digits in one machine word: one digit a nibble from the most significant end, unused
/// nibbles filled with `F`, as the GSMA fills identifiers of odd length.
///
/// Leading zeros and the number of digits are kept, two values compare as the hexadecimal text does, and a
/// fleet of a million devices needs no heap string for its identifiers.
struct PackedDigits: Hashable, Comparable, Sendable {
    /// The digits, `0x1234FFFFFFFFFFFF` for "1234".
    var word: UInt64

    static let capacity = 16
    /// No digits at all.
    static let none = PackedDigits(word: .max)

    init(word: UInt64) {
        self.word = word
    }

    /// Packs ASCII digits; `nil` where there are more than 16 bytes or a byte is not a digit.
    init?(ascii: UnsafeRawBufferPointer) {
        guard ascii.count <= Self.capacity else { return nil }
        var word: UInt64 = 0
        for byte in ascii {
            let digit = byte &- 0x30
            guard digit <= 9 else { return nil }
            word = word << 4 | UInt64(digit)
        }
        let free = UInt64(Self.capacity - ascii.count) * 4
        self.word = free == 64 ? .max : word << free | (1 << free &- 1)
    }

    /// How many digits there are, 0 to 16.
    var count: Int {
        // The filler is a run of set bits at the low end, and no digit ends in four set bits.
        Self.capacity - (~word).trailingZeroBitCount / 4
    }

    func appendDigits(to text: inout [UInt8]) {
        var rest = word
        for _ in 0..<count {
            text.append(0x30 + UInt8(truncatingIfNeeded: rest >> 60))
            rest <<= 4
        }
    }

    /// The number that 16 digits are. All digits are added up at once: neighbours first, then pairs, then fours.
    var value: UInt64 {
        var sum = word & 0x0F0F_0F0F_0F0F_0F0F &+ (word >> 4 & 0x0F0F_0F0F_0F0F_0F0F) &* 10
        sum = sum & 0x00FF_00FF_00FF_00FF &+ (sum >> 8 & 0x00FF_00FF_00FF_00FF) &* 100
        sum = sum & 0x0000_FFFF_0000_FFFF &+ (sum >> 16 & 0x0000_FFFF_0000_FFFF) &* 10_000
        return sum & 0xFFFF_FFFF &+ (sum >> 32) &* 100_000_000
    }

    /// The Luhn sum of digits: every second one doubled, and the digits of what comes out added up.
    ///
    /// - Parameter doublesLast: whether the last digit is among those that are doubled.
    static func luhnSum(_ word: UInt64, doublesLast: Bool) -> UInt64 {
        let last = word & 0x0F0F_0F0F_0F0F_0F0F
        let other = word >> 4 & 0x0F0F_0F0F_0F0F_0F0F
        let doubled = doublesLast ? last : other
        // A digit above 4 doubles to two digits, whose sum is 9 less.
        let carries = (doubled &+ 0x7B7B_7B7B_7B7B_7B7B) >> 7 & 0x0101_0101_0101_0101
        let sums = (doublesLast ? other : last) &+ doubled &* 2 &- carries &* 9
        return (sums &* 0x0101_0101_0101_0101) >> 56
    }

    static func < (left: Self, right: Self) -> Bool {
        left.word < right.word
    }
}
