import Foundation

/// One label of a device, as numbers of its key and its value in a table of names.
struct LabelPair: Hashable, Comparable, Sendable {
    let key: UInt32
    let value: UInt32

    static func < (left: Self, right: Self) -> Bool { left.key < right.key }
}

/// The sets of labels that devices have; a set that many devices share is kept once, and number 0 is the empty one.
struct LabelTable: Sendable {
    private(set) var names = NameTable()
    private var pairs: ContiguousArray<LabelPair> = []
    /// Where each set begins in `pairs`, and at the end where the last one ends.
    private var starts: ContiguousArray<UInt32> = [0, 0]
    private var numbersByHash: [Int: [UInt32]] = [:]
    private var last: UInt32 = 0

    var count: Int { starts.count - 1 }

    mutating func number(naming text: String) -> UInt32 { names.number(text) }

    mutating func number(naming bytes: UnsafeRawBufferPointer) -> UInt32 {
        if bytes.allSatisfy({ $0 < 0x80 }) { return names.number(bytes) ?? 0 }
        return names.number(LabelText.canonical(String(decoding: bytes, as: UTF8.self)))
    }

    /// The number of a set whose pairs are in the order of their keys, each key once.
    mutating func number(of set: [LabelPair]) -> UInt32 {
        if set.isEmpty { return 0 }
        if matches(last, set) { return last }
        let hash = set.hashValue
        if let number = numbersByHash[hash]?.first(where: { matches($0, set) }) {
            last = number
            return number
        }
        pairs.append(contentsOf: set)
        starts.append(UInt32(clamping: pairs.count))
        last = UInt32(clamping: count - 1)
        numbersByHash[hash, default: []].append(last)
        return last
    }

    mutating func number(of labels: [String: String]) -> UInt32 {
        number(
            of: labels.map { LabelPair(key: names.number($0.key), value: names.number($0.value)) }.sorted())
    }

    func set(_ number: UInt32) -> ContiguousArray<LabelPair>.SubSequence {
        pairs[Int(starts[Int(number)])..<Int(starts[Int(number) + 1])]
    }

    func labels(_ number: UInt32) -> [String: String] {
        set(number).reduce(into: [:]) { $0[names.names[Int($1.key)]] = names.names[Int($1.value)] }
    }

    /// The pairs that a device with these labels has; `nil` if no device has one of them.
    func pairs(of labels: [String: String]) -> [LabelPair]? {
        var pairs: [LabelPair] = []
        for (key, value) in labels {
            guard let key = names.find(key), let value = names.find(value) else { return nil }
            pairs.append(LabelPair(key: key, value: value))
        }
        return pairs
    }

    /// Whether a set holds all of these pairs.
    func holds(_ number: UInt32, _ pairs: [LabelPair]) -> Bool {
        let set = set(number)
        return pairs.allSatisfy { set.contains($0) }
    }

    private func matches(_ number: UInt32, _ other: [LabelPair]) -> Bool { set(number).elementsEqual(other) }
}

/// Names and values of labels, in the one of their equivalent forms by which all places compare them: what looks the
/// same is the same, whether an accent stands by itself or not.
enum LabelText {
    static func canonical(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
    }
}
