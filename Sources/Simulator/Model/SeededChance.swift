/// Chance that depends on the seed and on what it is about, not on the order of calls.
struct SeededChance: Sendable {
    let seed: UInt64

    /// A number from 0 up to 1 for this purpose and these words.
    func share(_ purpose: String, _ words: String...) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in ([purpose] + words).joined(separator: "\u{1F}").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        // SplitMix64's last steps spread what FNV leaves in the low bits.
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        hash ^= hash >> 31
        return Double(hash >> 11) / Double(1 << 53)
    }
}
