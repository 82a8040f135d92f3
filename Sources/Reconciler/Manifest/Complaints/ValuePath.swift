/// The path to a value of a document: `rollout.waves[2]`, `devices[3].iccid`.
///
/// The number of a device is kept as a number, because a part of a long list is read before it is known how many
/// devices stand before it.
struct ValuePath: Sendable, CustomStringConvertible {
    private enum Root: Hashable {
        case document
        case device(Int)
        case row(Int)
    }

    private var root = Root.document
    private var members = ""

    /// An entry of `devices`, counted from 0.
    static func device(_ number: Int) -> Self { Self(root: .device(number)) }
    /// A line of a CSV behind its header, counted from 0.
    static func row(_ number: Int) -> Self { Self(root: .row(number)) }

    func appending(_ member: String) -> Self {
        var path = self
        path.members += description.isEmpty ? member : "." + member
        return path
    }

    func appending(element: Int) -> Self {
        var path = self
        path.members += "[\(element)]"
        return path
    }

    /// The same path in the whole list, where `count` devices stand before the part that was read.
    func movedBehind(_ count: Int) -> Self {
        var path = self
        if case .device(let number) = root { path.root = .device(number + count) }
        return path
    }

    var description: String {
        switch root {
        case .document: members
        case .device(let number): "devices[\(number)]\(members)"
        case .row(let number): "row \(number + 1)\(members)"
        }
    }
}

extension ValuePath: Hashable {
    static func == (left: Self, right: Self) -> Bool { left.description == right.description }
    func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension ValuePath: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { members = text }
}

extension ValuePath: Codable {
    init(from decoder: any Decoder) throws { members = try decoder.singleValueContainer().decode(String.self) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
