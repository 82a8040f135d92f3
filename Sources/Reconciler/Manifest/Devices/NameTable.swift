/// Numbers for texts that recur on many devices, found by their bytes, so that a text that was seen before costs no
/// string.
struct NameTable: Sendable {
    private(set) var names: [String] = []
    private var numbersByHash: [Int: [UInt32]] = [:]
    private var last: UInt32?

    /// The number of a text, from 0.
    ///
    /// - Parameter accept: asked once for each new text; a text that it refuses has no number.
    mutating func number(_ bytes: UnsafeRawBufferPointer, accept: (String) -> Bool = { _ in true }) -> UInt32? {
        if let last, matches(last, bytes) { return last }
        let hash = Self.hash(bytes)
        if let number = numbersByHash[hash]?.first(where: { matches($0, bytes) }) {
            last = number
            return number
        }
        let name = String(decoding: bytes, as: UTF8.self)
        guard accept(name) else { return nil }
        let number = UInt32(clamping: names.count)
        names.append(name)
        numbersByHash[hash, default: []].append(number)
        last = number
        return number
    }

    mutating func number(_ name: String) -> UInt32 {
        var name = name
        return name.withUTF8 { number(UnsafeRawBufferPointer($0)) } ?? 0
    }

    /// The number of a text that was seen before.
    func find(_ name: String) -> UInt32? {
        var name = name
        return name.withUTF8 { text in
            let bytes = UnsafeRawBufferPointer(text)
            return numbersByHash[Self.hash(bytes)]?.first { matches($0, bytes) }
        }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    private func matches(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let name = names[Int(number)].utf8
        guard name.count == bytes.count else { return false }
        return name.withContiguousStorageIfAvailable { bytes.elementsEqual(UnsafeRawBufferPointer($0)) }
            ?? bytes.elementsEqual(name)
    }
}
