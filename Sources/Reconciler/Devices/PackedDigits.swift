/// Up to 16 decimal digits in one machine word: one digit a nibble from the most significant end, unused
/// nibbles filled with `F`, as the GSMA fills identifiers of odd length.
///
/// Leading zeros and the number of digits are kept, two values compare as the hexadecimal text does, and a
/// fleet of a million devices needs no heap string for its identifiers.
struct PackedDigits: Hashable, Comparable, Sendable {
    /// The digits, `0x1234FFFFFFFFFFFF` for "1234".
    var word: UInt64

    static let capacity = 16

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

    static func < (left: Self, right: Self) -> Bool {
        left.word < right.word
    }
}
